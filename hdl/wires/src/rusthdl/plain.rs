//! Names without `$`: `meta_in$data` becomes `meta_in_data`.
//!
//! RustHDL joins paths with `$`, which Verilog allows but Verilator's C++, Tcl and people do not like.
//! All names are renamed alike, so ports and their pins still meet; a name that would meet another of
//! the same module is an error.

use std::collections::{BTreeMap, BTreeSet};

/// Two names that would become one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// Of wires, ports or instances.
    #[error("{} and {} of module {module} would have one name", .names[0], .names[1])]
    Within {
        /// Where.
        module: String,
        /// Which.
        names: [String; 2],
    },
    /// Of modules.
    #[error("modules {} and {} would have one name", .0[0], .0[1])]
    Modules([String; 2]),
}

/// `verilog` with `_` for the `$` in names; system tasks such as `$display` stay.
///
/// # Errors
/// Two names of a module, or of two modules, that would become one.
pub fn plain_names(verilog: &str) -> Result<String, RenameError> {
    let mut out = String::with_capacity(verilog.len());
    let mut modules = Scope::default();
    let mut scope = Scope::default();
    let mut module = String::new();
    let mut last = "";
    for token in tokens(verilog) {
        let Token::Name(name) = token else {
            let text = token.text();
            out.push_str(text);
            if !text.trim().is_empty() {
                last = text;
            }
            continue;
        };
        match name {
            "endmodule" => scope = Scope::default(),
            // A pin belongs to the module of the instance.
            _ if last.ends_with('.') => {}
            _ if last == "module" => {
                modules.add(name).map_err(RenameError::Modules)?;
                module = name.into();
            }
            _ => scope.add(name).map_err(|names| RenameError::Within {
                module: module.clone(),
                names,
            })?,
        }
        out.push_str(&name.replace('$', "_"));
        last = name;
    }
    Ok(out)
}

/// The names of a scope by what they become.
#[derive(Default)]
struct Scope {
    by_plain: BTreeMap<String, String>,
    seen: BTreeSet<String>,
}

impl Scope {
    fn add(&mut self, name: &str) -> Result<(), [String; 2]> {
        if !self.seen.insert(name.into()) {
            return Ok(());
        }
        match self.by_plain.insert(name.replace('$', "_"), name.into()) {
            Some(other) if other != name => Err([other, name.into()]),
            _ => Ok(()),
        }
    }
}

enum Token<'a> {
    /// An identifier or a keyword.
    Name(&'a str),
    /// Space, comment, string, number, directive, system task, punctuation.
    Other(&'a str),
}

impl<'a> Token<'a> {
    fn text(&self) -> &'a str {
        let (Token::Name(text) | Token::Other(text)) = *self;
        text
    }
}

fn tokens(mut rest: &str) -> impl Iterator<Item = Token<'_>> {
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let named = first.is_ascii_alphabetic() || first == '_';
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if named || word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if matches!(first, '\'' | '`') {
            // The base and digits of a literal, or a directive, are no name.
            1 + rest[1..].find(|c| !word(c)).unwrap_or(rest.len() - 1)
        } else {
            first.len_utf8()
        };
        let (text, after) = rest.split_at(length);
        rest = after;
        Some(if named {
            Token::Name(text)
        } else {
            Token::Other(text)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_dollar_and_nothing_else_does() {
        let before = "module top$a(s$data); // s$x\n wire [7:0] s$data = 8'hff; initial $display(\"a$b\");\n \
                      part p (.s$data(s$data)); endmodule";
        let after = "module top_a(s_data); // s$x\n wire [7:0] s_data = 8'hff; initial $display(\"a$b\");\n \
                     part p (.s_data(s_data)); endmodule";
        assert_eq!(plain_names(before).as_deref(), Ok(after));
    }

    #[test]
    fn two_names_never_become_one() {
        let clash = plain_names("module m(a$b, a_b); endmodule").unwrap_err();
        assert_eq!(
            clash.to_string(),
            "a$b and a_b of module m would have one name"
        );
        assert!(plain_names("module m(a$b); endmodule module n(a_b); endmodule").is_ok());
        let clash = plain_names("module m$a(); endmodule module m_a(); endmodule").unwrap_err();
        assert_eq!(clash.to_string(), "modules m$a and m_a would have one name");
    }
}
