//! Flow pairs on their own.
