//! Plans that a reader can check by eye.
