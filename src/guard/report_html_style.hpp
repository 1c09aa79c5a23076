// SPDX-License-Identifier: Apache-2.0
// The style sheet of the HTML report.
#pragma once

namespace vedette::inline v0::rendering {

inline constexpr const char report_style[] = R"css(
:root{--ink:#1b2530;--soft:#5b6875;--paper:#f6f7f9;--card:#fff;--line:#d9dfe5;--ref:#9fb3c8;--ref-line:#5f7d9c;
--live:#e07b1f;--alarm:#b3261e;--alarm-soft:#fbe3e1;--warn:#8a5a00;--warn-soft:#fdf0d0;--pass:#1d6b3c;--pass-soft:#e0f2e6;
--none:#56616c;--none-soft:#e9edf1}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa7b4;--paper:#12171c;--card:#1b2229;--line:#323c46;
--ref:#48617b;--ref-line:#86a5c4;--live:#f2994a;--alarm:#ff8a80;--alarm-soft:#4a1f1c;--warn:#f3c55b;--warn-soft:#43340f;
--pass:#7fd49c;--pass-soft:#153a24;--none:#a9b4bf;--none-soft:#2a333c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:20px 16px 48px}
header{background:var(--card);border:1px solid var(--line);border-left:8px solid var(--none);border-radius:10px;
padding:20px 24px}
header.alarm{border-left-color:var(--alarm)}header.warn{border-left-color:var(--warn)}
header.pass{border-left-color:var(--pass)}
header.alarm h1{color:var(--alarm)}header.warn h1{color:var(--warn)}header.pass h1{color:var(--pass)}
h1{margin:0;font-size:2.2rem;line-height:1.15}
h2{margin:36px 0 8px;font-size:1.3rem}
h3{margin:0;font-size:1.08rem;overflow-wrap:anywhere}
.eyebrow{margin:0 0 2px;color:var(--soft);overflow-wrap:anywhere}
.lead{margin:6px 0 14px;font-size:1.08rem;overflow-wrap:anywhere}
.hint,.kind{color:var(--soft);font-size:.88rem;margin:2px 0 10px}
.kind{margin:0 0 6px}
dl{margin:0}dt{color:var(--soft);font-size:.8rem}dd{margin:0;overflow-wrap:anywhere}
.figures{display:flex;flex-wrap:wrap;gap:8px 32px}.figures dd{font-weight:600;font-variant-numeric:tabular-nums}
.badge{display:inline-block;padding:1px 9px;border-radius:10px;font-size:.78rem;font-weight:600;vertical-align:2px;
white-space:nowrap;background:var(--none-soft);color:var(--none)}
.badge.alarm{background:var(--alarm-soft);color:var(--alarm)}.badge.warn{background:var(--warn-soft);color:var(--warn)}
.badge.pass{background:var(--pass-soft);color:var(--pass)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
thead th{color:var(--soft);font-weight:600}tbody th{font-weight:500}
.heat td,.heat thead th:not(:first-child){text-align:center}
.heat th:first-child{position:sticky;left:0;background:var(--card)}
.cell.alarm{background:var(--alarm-soft);color:var(--alarm);font-weight:600}
.cell.warn{background:var(--warn-soft);color:var(--warn)}.cell.not_evaluated{color:var(--soft)}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:12px;margin-top:14px}
figure{margin:0}
.multiples figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 12px 6px}
figcaption{font-size:.84rem;color:var(--soft);overflow-wrap:anywhere}
.multiples figcaption{color:var(--ink);font-weight:600}
.feature{display:grid;grid-template-columns:minmax(0,1fr);gap:12px 24px;background:var(--card);
border:1px solid var(--line);border-left:5px solid var(--none-soft);border-radius:10px;padding:16px 18px;margin:12px 0}
.feature.alarm{border-left-color:var(--alarm)}.feature.warn{border-left-color:var(--warn)}
.feature.pass{border-left-color:var(--pass)}
.words p{margin:0 0 8px;overflow-wrap:anywhere}.words>svg{max-width:420px}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:8px 14px;font-size:.92rem}
.feature .facts{grid-column:1/-1;border-top:1px solid var(--line);padding-top:10px}
.facts.wide{grid-template-columns:repeat(auto-fill,minmax(260px,1fr))}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:10px 18px}
.plots figure{max-width:460px}
@media (min-width:900px){.feature{grid-template-columns:minmax(0,4fr) minmax(0,6fr)}}
.legend{margin:0;font-size:.9rem;color:var(--soft)}
.key{display:inline-block;width:14px;height:10px;border-radius:2px;margin-left:8px}.key:first-child{margin-left:0}
.key.ref{background:var(--ref)}.key.live{background:var(--live)}
details{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 16px;margin:8px 0}
.feature .tests{grid-column:1/-1;border:0;padding:0;margin:0;background:none}.tests summary{font-size:.88rem;color:var(--soft)}
.tests .scroll{margin-top:8px}.tests .decided>*{font-weight:600}.tests td{white-space:normal}
details .feature{border-left-width:5px}
summary{cursor:pointer;font-weight:600}summary .hint{font-weight:400;margin:0 0 0 6px}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:11px;fill:var(--soft)}svg text.small{font-size:10px}
svg .ref{fill:var(--ref)}svg .live{fill:var(--live)}
svg path{fill:none;stroke-linejoin:round}
svg path.ref{fill:var(--ref)}
svg .ref-line{stroke:var(--ref-line);stroke-width:2}svg .live-line{stroke:var(--live);stroke-width:2}
svg .axis{stroke:var(--soft);stroke-width:1}svg .grid{stroke:var(--line);stroke-width:1}
svg .gap{stroke:var(--alarm);stroke-width:2.5}svg .interval{stroke:var(--ink);stroke-width:1.4}
svg .tolerance{stroke:var(--alarm);stroke-width:1.4;stroke-dasharray:4 3}
svg .period{fill:var(--live);opacity:.16}.stream td:last-child{min-width:300px}
svg .time-line{stroke:var(--soft);stroke-width:1.4}
svg .dot{fill:var(--none);stroke:var(--card);stroke-width:1}svg .dot.alarm{fill:var(--alarm)}
svg .dot.warn{fill:var(--warn)}svg .dot.pass{fill:var(--pass)}
@media (max-width:520px){header{padding:16px}h1{font-size:1.8rem}.feature{padding:14px}th,td{padding:5px 8px}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb}main{max-width:none;padding:0}
.feature,figure,tr{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";

}  // namespace vedette::inline v0::rendering
