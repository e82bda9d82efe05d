"""The one place that imports TensorFlow and selects its Keras.

tensorflow-recommenders needs Keras 2 (tf-keras), which TensorFlow selects by an environment
variable read when `tf.keras` is first touched; so it is set here, before the import.
"""

from __future__ import annotations

import os

from features.stderr import quiet

__all__ = ["keras", "recommenders", "tf"]


os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

with quiet():  # notices about absent GPUs, written before its log level is read
    import tensorflow as tf
    import tensorflow_recommenders as recommenders
    import tf_keras as keras

    tf.config.list_physical_devices()
