//! The vfio-user protocol: a PCI device served over a Unix socket.
