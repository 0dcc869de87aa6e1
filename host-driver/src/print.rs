//! Tables that people read: headers in capitals, columns two spaces apart, nothing drawn around them.

use std::io::{self, Write};

use comfy_table::{presets, ContentArrangement, Table};

/// Prints a table.
pub fn table<R, C>(out: &mut dyn Write, headers: &[&str], rows: R) -> io::Result<()>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(headers.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .trim_fmt()
        .lines()
        .try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let mut out = Vec::new();
        let rows = [["1", "long name"], ["22", "x"]];
        table(
            &mut out,
            &["ID", "NAME"],
            rows.map(|row| row.map(str::to_owned)),
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "ID  NAME\n1   long name\n22  x\n"
        );
    }

    #[test]
    fn an_empty_table_is_its_header() {
        let mut out = Vec::new();
        table(&mut out, &["ID", "NAME"], Vec::<[String; 2]>::new()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ID  NAME\n");
    }
}
