//! What a row holds beside the columns of the data map: nothing of a person's data is dropped from the CSV.

use domain::datum::Datum;

use crate::csv_node::Node;

/// Whether any value below is not covered by a column; a null where fields were expected is no loss.
pub(crate) fn has_other(node: &Node, value: &Datum) -> bool {
    match value {
        Datum::Map(fields) => fields.iter().any(|(name, inner)| has_other_field(node, name, inner)),
        Datum::List(items) => items.iter().any(|item| has_other(node, item)),
        Datum::Null => false,
        Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => true,
    }
}

fn has_other_field(node: &Node, name: &str, value: &Datum) -> bool {
    match node.child(name, 0) {
        None => true,
        Some((_, child)) => child.column.is_none() && has_other(child, value),
    }
}

/// Appends the rest of a row as JSON; list items without a rest are null, so that positions tell.
pub(crate) fn put_other(root: &Node, row: &Datum, out: &mut Vec<u8>) {
    if let Datum::Map(fields) = row {
        put_fields(root, fields, out);
    } else {
        row.write_json(out);
    }
}

fn put_rest(node: &Node, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Map(fields) => put_fields(node, fields, out),
        Datum::List(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                if has_other(node, item) {
                    put_rest(node, item, out);
                } else {
                    out.extend_from_slice(b"null");
                }
            }
            out.push(b']');
        }
        Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) | Datum::Bytes(_) => {
            value.write_json(out);
        }
    }
}

fn put_fields(node: &Node, fields: &[(String, Datum)], out: &mut Vec<u8>) {
    out.push(b'{');
    let mut is_first = true;
    for (name, value) in fields.iter().filter(|(name, value)| has_other_field(node, name, value)) {
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        Datum::Text(name.clone()).write_json(out);
        out.push(b':');
        match node.child(name, 0) {
            Some((_, child)) => put_rest(child, value, out),
            None => value.write_json(out),
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use domain::datum::Datum;

    use crate::csv_columns::CsvColumns;

    fn check(fields: &[&str], row: &str, expected: &str) {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let columns = CsvColumns::new(&fields);
        let mut out = columns.header().to_vec();
        columns.put_row(&Datum::parse_json(row.as_bytes()).unwrap(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn fields_outside_the_map_are_kept() {
        check(&["a", "b.c"], r#"{"b":{"c":2},"a":1}"#, "a,b.c,_other\n1,2,\n");
        check(&["a"], r#"{"a":1,"x":-0.10}"#, "a,_other\n1,\"{\"\"x\"\":-0.10}\"\n");
        check(&["b.c"], r#"{"b":{"c":2,"d":3}}"#, "b.c,_other\n2,\"{\"\"b\"\":{\"\"d\"\":3}}\"\n");
        check(&["b.c"], r#"{"b":"text"}"#, "b.c,_other\n,\"{\"\"b\"\":\"\"text\"\"}\"\n");
        check(&["b.c"], r#"{"b":null}"#, "b.c,_other\n,\n");
        check(&["a.b"], r#"{"a.b":1}"#, "a.b,_other\n,\"{\"\"a.b\"\":1}\"\n");
    }

    #[test]
    fn columns_inside_lists_stay_aligned() {
        check(
            &["l[].a", "l[].b"],
            r#"{"l":[{"a":1},{"b":2,"x":3},[{"a":4}]]}"#,
            "l.a,l.b,_other\n\"[1,null,[4]]\",\"[null,2,[null]]\",\"{\"\"l\"\":[null,{\"\"x\"\":3},null]}\"\n",
        );
    }

    #[test]
    fn nested_values_are_json_and_rows_need_not_be_maps() {
        check(&["t[]", "t"], r#"{"t":["x",1.0]}"#, "t,_other\n\"[\"\"x\"\",1.0]\",\n");
        check(&["a"], "[1]", "a,_other\n,[1]\n");
        check(&[], "{}", "_other\n\"\"\n");
        check(&["_other"], r#"{"_other":"=1"}"#, "_other,__other\n'=1,\n");
        check(&["a", "a.b"], r#"{"a":{"b":1,"c":2}}"#, "a,a.b,_other\n\"{\"\"b\"\":1,\"\"c\"\":2}\",1,\n");
    }
}
