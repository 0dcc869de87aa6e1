//! Names that every tool accepts, each given once.

use std::collections::{HashMap, HashSet};

/// Reserved words of Verilog-2005 and SystemVerilog-2017, in order.
const KEYWORDS: &str = "accept_on alias always always_comb always_ff always_latch and assert assign assume \
automatic before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker \
class clocking cmos config const constraint context continue cover covergroup coverpoint cross deassign default \
defparam design disable dist do edge else end endcase endchecker endclass endclocking endconfig endfunction \
endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty endsequence endspecify \
endtable endtask enum event eventually expect export extends extern final first_match for force foreach forever \
fork forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements \
implies import incdir include initial inout input inside instance int integer interconnect interface intersect \
join join_any join_none large let liblist library local localparam logic longint macromodule matches medium \
modport module nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output \
package packed parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup \
pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg \
reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime \
s_until s_until_with scalared sequence shortint shortreal showcancelled signed small soft solve specify specparam \
static string strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on table tagged task \
this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef \
union unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait wait_order wand \
weak weak0 weak1 while wildcard wire with within wor xnor xor";

/// `want` as an identifier: foreign characters become `_`, a reserved word gets one behind it.
pub(crate) fn identifier(want: &str) -> String {
    let mut name: String = want
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' || c == '$' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_digit() || c == '$') || name.is_empty() {
        name.insert(0, '_');
    }
    if KEYWORDS.split_ascii_whitespace().any(|word| word == name) {
        name.push('_');
    }
    name
}

/// The names of one scope.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// The last number given to a name that is wanted often.
    last: HashMap<String, usize>,
    temporaries: usize,
}

impl Names {
    /// `want`, or `want_2`, `want_3` .. where it is taken.
    pub fn claim(&mut self, want: &str) -> String {
        let base = identifier(want);
        // Taken out of the way of `plain_names`.
        if base.contains('$') {
            self.taken.insert(base.replace('$', "_"));
        }
        let mut name = base.clone();
        while !self.taken.insert(name.clone()) {
            let count = self.last.entry(base.clone()).or_insert(1);
            *count += 1;
            name = format!("{base}_{count}");
        }
        name
    }

    /// A name for what has none.
    pub fn temporary(&mut self) -> String {
        self.temporaries += 1;
        self.claim(&format!("_{}", self.temporaries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_foreign_characters_are_renamed() {
        assert_eq!(identifier("end"), "end_");
        assert_eq!(identifier("byte"), "byte_");
        assert_eq!(identifier("a.b[3]"), "a_b_3_");
        assert_eq!(identifier("3com"), "_3com");
        assert_eq!(identifier("s$data"), "s$data");
    }

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::default();
        let given: Vec<String> = ["a", "a", "a_2", "end", "end"]
            .map(|n| names.claim(n))
            .to_vec();
        assert_eq!(given, ["a", "a_2", "a_2_2", "end_", "end__2"]);
    }
}
