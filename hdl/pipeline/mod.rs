//! The stages, in the order in which a packet meets them.
pub mod count;
pub mod ipv4;
pub mod s10_encap;
pub mod s1_parse;
pub mod s2_classify;
pub mod s3_decap;
pub mod s4_inner;
pub mod s5_bridge;
pub mod s6_route;
pub mod s7_nexthop;
pub mod s8_flow;
pub mod s9_rewrite;
pub mod slot;
