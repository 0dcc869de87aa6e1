//! YAML text to a tree in which every value knows its place.
//!
//! `saphyr-parser` turns text into events; this puts the events together. Three things differ from a
//! general loader, all for the reader's sake: a key that stands twice is an error, scalars stay text
//! until a reader knows which type it wants (so a MAC of digits stays a MAC), and neither depth nor
//! aliases can exhaust memory or the stack.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::error::{Fault, NetworkErrorKind};
use super::place::Place;

/// Levels of lists and mappings; a network file needs eight.
const MAX_DEPTH: usize = 64;

/// Values that aliases (`*name`) may add in all: more than any file needs, less than hurts.
const MAX_ALIASED: usize = 1_000_000;

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Yaml {
    pub at: Place,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing, `~` or `null`, unquoted.
    Null,
    Scalar {
        text: String,
        /// Unquoted: it may be a number or a flag.
        plain: bool,
    },
    List(Vec<Yaml>),
    Map(Vec<Entry>),
}

/// A key of a mapping and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: String,
    pub key_at: Place,
    pub value: Yaml,
}

/// Reads one document.
pub(super) fn load(text: &str) -> Result<Yaml, Fault> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        builder.take(event, place(span.start))?;
    }
    builder
        .root
        .ok_or_else(|| Fault::unexpected(Place { line: 1, col: 1 }, "an empty file", "a network"))
}

fn place(marker: Marker) -> Place {
    Place {
        line: marker.line(),
        col: marker.col() + 1,
    }
}

fn syntax(error: &ScanError) -> Fault {
    let problem = error.info().to_owned();
    Fault::new(place(*error.marker()), NetworkErrorKind::Syntax { problem })
}

/// A list or mapping whose end has not come yet.
struct Open {
    at: Place,
    anchor: usize,
    /// Values in it, for the alias budget.
    size: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Yaml>),
    Map {
        entries: Vec<Entry>,
        seen: HashMap<String, Place>,
        key: Option<(String, Place)>,
    },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, (Yaml, usize)>,
    aliased: usize,
    root: Option<Yaml>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: Place) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                let plain = style == ScalarStyle::Plain;
                let value = match &*text {
                    "" | "~" | "null" if plain => Value::Null,
                    _ => Value::Scalar {
                        text: text.into_owned(),
                        plain,
                    },
                };
                self.finish(Yaml { at, value }, anchor, 1)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                self.start(at, anchor, Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.is_some(), at)?;
                let inside = Inside::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                };
                self.start(at, anchor, inside)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open {
                    at,
                    anchor,
                    size,
                    inside,
                }) = self.open.pop()
                else {
                    return Ok(());
                };
                let value = match inside {
                    Inside::List(items) => Value::List(items),
                    Inside::Map { entries, .. } => Value::Map(entries),
                };
                self.finish(Yaml { at, value }, anchor, size)
            }
            Event::Alias(anchor) => {
                let (value, size) = self.anchors.get(&anchor).ok_or_else(|| {
                    Fault::unexpected(at, "an alias inside its own anchor", "a value")
                })?;
                self.aliased += size;
                if self.aliased > MAX_ALIASED {
                    return Err(Fault::unexpected(
                        at,
                        "aliases that stand for too much",
                        format!("at most {MAX_ALIASED} values behind aliases"),
                    ));
                }
                let (value, size) = (value.clone(), *size);
                self.finish(value, 0, size)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Fault::unexpected(at, "a second document", "one document"))
            }
            Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::StreamStart
            | Event::StreamEnd
            | Event::Nothing => Ok(()),
        }
    }

    fn start(&mut self, at: Place, anchor: usize, inside: Inside) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(Fault::unexpected(
                at,
                "lists and mappings nested too deep",
                format!("at most {MAX_DEPTH} levels"),
            ));
        }
        self.open.push(Open {
            at,
            anchor,
            size: 1,
            inside,
        });
        Ok(())
    }

    fn finish(&mut self, done: Yaml, anchor: usize, size: usize) -> Result<(), Fault> {
        if anchor != 0 {
            self.anchors.insert(anchor, (done.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(done);
            return Ok(());
        };
        open.size += size;
        match &mut open.inside {
            Inside::List(items) => items.push(done),
            Inside::Map { entries, seen, key } => match key.take() {
                Some((key, key_at)) => entries.push(Entry {
                    key,
                    key_at,
                    value: done,
                }),
                None => *key = Some((new_key(&done, seen)?, done.at)),
            },
        }
        Ok(())
    }
}

fn refuse_tag(tagged: bool, at: Place) -> Result<(), Fault> {
    if tagged {
        return Err(Fault::unexpected(at, "a YAML tag", "a value without a tag"));
    }
    Ok(())
}

fn new_key(key: &Yaml, seen: &mut HashMap<String, Place>) -> Result<String, Fault> {
    let Value::Scalar { text, .. } = &key.value else {
        return Err(Fault::unexpected(key.at, key.found(), "a key"));
    };
    match seen.insert(text.clone(), key.at) {
        None => Ok(text.clone()),
        Some(first) => Err(Fault::new(
            key.at,
            NetworkErrorKind::Duplicate {
                what: "key",
                value: text.clone(),
                first,
            },
        )),
    }
}
