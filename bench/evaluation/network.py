# SPDX-License-Identifier: Apache-2.0
"""Small networks: convolutional ones trained with JAX, those of tables with scikit-learn; all exported to ONNX, served
by ONNX Runtime (logits and the last hidden layer), and open to gradient attacks through JAX."""
import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from art.estimators import BaseEstimator, LossGradientsMixin
from art.estimators.classification.classifier import ClassGradientsMixin, ClassifierMixin
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier


def hidden_and_logits(layers, image, x):
    """`layers`: (weights, bias), convolutions (4 axes) before dense ones; ReLU after all but the last."""
    if image:
        x = x.reshape(-1, 1, *image)
    for weights, bias in layers[:-1]:
        if weights.ndim == 4:
            x = jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW"))
            x = jax.nn.relu(x + bias[:, None, None])
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        else:
            x = jax.nn.relu(x.reshape(len(x), -1) @ weights + bias)
    return x, x @ layers[-1][0] + layers[-1][1]


def losses(layers, image, x, y):
    logits = hidden_and_logits(layers, image, x)[1]
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)[:, 0]


def train_images(x, y, image, classes, epochs, seed, start=None):
    """Adam on the cross entropy, batches of 128."""
    random = np.random.default_rng(seed)
    shapes = [(16, 1, 3, 3), (32, 16, 3, 3), (32 * (image[0] // 4) * (image[1] // 4), 64), (64, classes)]
    layers = start or [
        (random.normal(size=s).astype(np.float32) * np.float32(np.sqrt(2 / (np.prod(s[1:]) if len(s) == 4 else s[0]))),
         np.zeros(s[0] if len(s) == 4 else s[1], np.float32)) for s in shapes]

    @jax.jit
    def step(layers, first, second, t, x, y):
        gradient = jax.grad(lambda at: losses(at, image, x, y).mean())(layers)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        move = lambda w, m, v: w - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return jax.tree.map(move, layers, first, second), first, second

    first = second = jax.tree.map(np.zeros_like, layers)
    t, batch = 0, min(128, len(x))
    for _ in range(epochs):
        order = random.permutation(len(x))
        for at in range(0, len(x) - batch + 1, batch):
            t += 1
            rows = order[at:at + batch]
            layers, first, second = step(layers, first, second, float(t), x[rows], y[rows])
    return [(np.asarray(w), np.asarray(b)) for w, b in layers]


def train_table(x, y, seed):
    model = MLPClassifier((64, 32), random_state=seed, max_iter=60, early_stopping=len(x) > 500).fit(x, y)
    layers = [(w.astype(np.float32), b.astype(np.float32)) for w, b in zip(model.coefs_, model.intercepts_)]
    if layers[-1][0].shape[1] == 1:  # two classes: logits -z/2 and z/2
        w, b = layers[-1]
        layers[-1] = np.concatenate([-w, w], axis=1) / 2, np.concatenate([-b, b]) / 2
    return layers


def to_onnx(layers, image, width):
    nodes, constants, at = [], [], "input"

    def add(operator, inputs, **attributes):
        name = f"{operator.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(array):
        constants.append(numpy_helper.from_array(array, f"constant_{len(constants)}"))
        return constants[-1].name

    if image:
        at = add("Reshape", [at, constant(np.array([-1, 1, *image], np.int64))])
    for weights, bias in layers[:-1]:
        if weights.ndim == 4:
            at = add("Relu", [add("Conv", [at, constant(weights), constant(bias)], pads=[1, 1, 1, 1])])
            at = add("MaxPool", [at], kernel_shape=[2, 2], strides=[2, 2])
        else:
            at = add("Relu", [add("Gemm", [add("Flatten", [at]), constant(weights), constant(bias)])])
    nodes.append(helper.make_node("Identity", [at], ["embedding"]))
    nodes.append(helper.make_node("Gemm", ["embedding", constant(layers[-1][0]), constant(layers[-1][1])], ["logits"]))
    value = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", size])
    graph = helper.make_graph(nodes, "network", [value("input", width)],
                              [value("logits", layers[-1][0].shape[1]), value("embedding", layers[-1][0].shape[0])],
                              constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


class Network:
    """A trained network behind ONNX Runtime, one thread."""

    def __init__(self, layers, image, width):
        self.layers, self.image, self.width = layers, image, width
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(to_onnx(layers, image, width), options,
                                                    providers=["CPUExecutionProvider"])
        probe = np.random.default_rng(0).random((7, width), np.float32)
        apart = np.abs(self.logits(probe) - hidden_and_logits(layers, image, probe)[1]).max()
        assert apart < 1e-3, f"the exported network answers otherwise, by {apart}"

    def logits_and_embeddings(self, x):
        parts = [self.session.run(["logits", "embedding"], {"input": np.ascontiguousarray(x[i:i + 1024], np.float32)})
                 for i in range(0, len(x), 1024)]
        return tuple(np.concatenate(each) for each in zip(*parts))

    def logits(self, x):
        return self.logits_and_embeddings(x)[0]

    def predicted(self, x):
        return self.logits(x).argmax(axis=1)

    @property
    def head(self):
        return np.ascontiguousarray(self.layers[-1][0].T), np.ascontiguousarray(self.layers[-1][1])


class Differentiable(ClassGradientsMixin, ClassifierMixin, LossGradientsMixin, BaseEstimator):
    """The network for ART's gradient attacks: answers by ONNX Runtime, gradients by JAX."""
    estimator_params = BaseEstimator.estimator_params

    def __init__(self, network, clip):
        super().__init__(model=network, clip_values=clip, preprocessing=None)
        self.network, self.nb_classes = network, network.layers[-1][0].shape[1]
        of_one = lambda layers, x: hidden_and_logits(layers, network.image, x[None])[1][0]
        self._jacobian = jax.jit(jax.vmap(jax.jacrev(of_one, argnums=1), in_axes=(None, 0)))
        total = lambda x, y: losses(network.layers, network.image, x, y).sum()
        self._gradient = jax.jit(jax.grad(total))

    @property
    def input_shape(self):
        return (self.network.width,)

    def predict(self, x, **_):
        return self.network.logits(x)

    def fit(self, x, y, **_):
        raise NotImplementedError

    def compute_loss(self, x, y, **_):
        return np.asarray(losses(self.network.layers, self.network.image, x, classes_of(y)))

    def loss_gradient(self, x, y, **_):
        return np.asarray(self._gradient(jnp.asarray(x, jnp.float32), classes_of(y)))

    def class_gradient(self, x, label=None, **_):
        jacobian = np.asarray(self._jacobian(self.network.layers, jnp.asarray(x, jnp.float32)))
        if label is None:
            return jacobian
        return jacobian[np.arange(len(x)), np.broadcast_to(label, len(x))][:, None]


def classes_of(y):
    y = np.asarray(y)
    return y.argmax(axis=1) if y.ndim == 2 else y
