// SPDX-License-Identifier: Apache-2.0
// Runs MOA's change detectors over a stream: `java -cp moa.jar MonitorTraces.java <detector> <values file>` prints, per
// value, whether there was a change, a warning, and the estimate. Called by monitors_oracle.py.
import java.nio.file.Files;
import java.nio.file.Path;
import moa.classifiers.core.driftdetection.*;

public class MonitorTraces {
    static AbstractChangeDetector detector(String name) {
        switch (name) {
            case "ddm": return new DDM();
            case "eddm": return new EDDM();
            case "page_hinkley": return new PageHinkleyDM();
            case "stepd": return new STEPD();
            case "hddm_w": return new HDDM_W_Test();
            case "hddm_a": {
                HDDM_A_Test test = new HDDM_A_Test();
                test.oneSidedTestOption.setChosenIndex(0);
                return test;
            }
            default: throw new IllegalArgumentException(name);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        ADWIN adwin = name.equals("adwin") ? new ADWIN(0.002) : null;
        AbstractChangeDetector other = adwin == null ? detector(name) : null;
        StringBuilder out = new StringBuilder();
        for (String line : Files.readAllLines(Path.of(arguments[1]))) {
            double value = Double.parseDouble(line);
            boolean change, warning = false;
            double estimate;
            if (adwin != null) {
                change = adwin.setInput(value);
                estimate = adwin.getEstimation();
            } else {
                other.input(value);
                change = other.getChange();
                warning = other.getWarningZone();
                estimate = other.getEstimation();
            }
            out.append(change ? 1 : 0).append(' ').append(warning ? 1 : 0).append(' ').append(estimate).append('\n');
        }
        System.out.print(out);
    }
}
