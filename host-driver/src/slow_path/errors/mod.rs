//! What went wrong on the way: who is told, and what is heard.

pub(super) mod icmp_error;
pub(super) mod path_mtu;
pub(super) mod tell;
pub(super) mod tokens;
pub(super) mod too_big;
pub(super) mod tunnel_error;
