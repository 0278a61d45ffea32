//! Products in JSON, one on each line.
//!
//! A line that cannot be taken is refused and the rest goes on; only a file whose first line is no object is none of these.

use std::io::{self, Read};

use commerce_core::catalog::ProductInput;
use serde_json::Value;

use super::record::Broken;
use super::source::{Head, Mark, Piece, Reader, What};
use super::summary::Refused;
use crate::wire::{json, product_line};

/// The most bytes of a line.
const LINE_BYTES_MAX: usize = 8 << 20;

/// Reads the lines of a file.
pub(super) struct Lines<R> {
    source: R,
    buffer: Box<[u8]>,
    read: std::ops::Range<usize>,
    bytes_read: u64,
    mark: Mark,
    keep_rows: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn open(source: R, keep_rows: bool) -> Self {
        let buffer = vec![0; 64 << 10].into_boxed_slice();
        let mark = Mark { line: 1, ..Mark::default() };
        Self { source, buffer, read: 0..0, bytes_read: 0, mark, keep_rows }
    }

    /// Fills the empty buffer; `false` at the end.
    fn fill(&mut self) -> Result<bool, Broken> {
        loop {
            match self.source.read(&mut self.buffer) {
                Ok(count) => {
                    self.bytes_read += count as u64;
                    self.read = 0..count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Source(error)),
            }
        }
    }

    /// Reads a line without its end; `None` at the end of the file. Of a line that is too long only so much is kept that it
    /// can be told.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        let mut line = Vec::new();
        let mut begun = false;
        loop {
            if self.read.is_empty() && !self.fill()? {
                break;
            }
            begun = true;
            let rest = &self.buffer[self.read.clone()];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let taken = &rest[..end.unwrap_or(rest.len())];
            let room = (LINE_BYTES_MAX + 1).saturating_sub(line.len());
            line.extend_from_slice(&taken[..taken.len().min(room)]);
            self.read.start += end.map_or(rest.len(), |end| end + 1);
            if end.is_some() {
                break;
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(begun.then_some(line))
    }
}

impl<R: Read> Reader for Lines<R> {
    fn head(&self) -> Head {
        Head::default()
    }

    fn go_on(&mut self, mark: &Mark) -> Result<(), Broken> {
        while self.bytes_read <= mark.offset {
            if !self.fill()? {
                break;
            }
        }
        let behind = self.bytes_read.checked_sub(mark.offset).and_then(|behind| usize::try_from(behind).ok());
        let Some(behind) = behind.filter(|behind| *behind <= self.read.end) else {
            let reason = "the file is shorter than it was".to_owned();
            return Err(Broken::Malformed { line: mark.line, reason });
        };
        self.read.start = self.read.end - behind;
        self.mark = *mark;
        Ok(())
    }

    fn mark(&self) -> Mark {
        self.mark
    }

    fn next(&mut self) -> Result<Option<Piece>, Broken> {
        loop {
            let number = self.mark.line;
            let Some(bytes) = self.line()? else { return Ok(None) };
            self.mark.offset = self.bytes_read - (self.read.end - self.read.start) as u64;
            self.mark.line += 1;
            self.mark.rows += 1;
            let is_first = self.mark.rows == self.mark.blank + 1;
            let bytes = match bytes.strip_prefix(b"\xEF\xBB\xBF") {
                Some(rest) if number == 1 => rest,
                _ => &bytes,
            };
            if bytes.iter().all(u8::is_ascii_whitespace) {
                self.mark.blank += 1;
                continue;
            }
            let mut piece = Piece { line: number, bytes: bytes.len(), ..Piece::default() };
            match read(number, bytes) {
                Ok(product) => piece.what = Some(What::Product(Box::new(product))),
                Err(refused) if is_first && is_something_else(&refused, bytes) => {
                    let reason =
                        "no JSON object: a file of JSON lines has a product on each line, as an object"
                            .to_owned();
                    return Err(Broken::Malformed { line: number, reason });
                }
                Err(refused) => piece.refused = refused,
            }
            if self.keep_rows && bytes.len() <= LINE_BYTES_MAX {
                piece.rows = String::from_utf8_lossy(bytes).into_owned();
                piece.rows.push('\n');
            }
            return Ok(Some(piece));
        }
    }
}

const NO_OBJECT: &str = "json-invalid";

/// Whether the first line tells that the file is none of JSON lines.
fn is_something_else(refused: &[Refused], line: &[u8]) -> bool {
    let is_text = line.trim_ascii_start().first() == Some(&b'{');
    refused.iter().any(|refused| refused.code == NO_OBJECT || (refused.code == ENCODING && !is_text))
}

const ENCODING: &str = "encoding-invalid";

/// What a line says of a product, or why it cannot be taken.
fn read(line: u64, bytes: &[u8]) -> Result<ProductInput, Vec<Refused>> {
    let refuse = |handle: &str, column: &str, code: &'static str, reason: String| Refused {
        line,
        handle: handle.to_owned(),
        column: column.to_owned(),
        code,
        reason,
    };
    if bytes.len() > LINE_BYTES_MAX {
        let reason = format!("a line of more than {LINE_BYTES_MAX} bytes");
        return Err(vec![refuse("", "", "line-too-long", reason)]);
    }
    let value = json::parse(bytes).map_err(|flaw| {
        let (code, column, reason) = match flaw {
            json::Flaw::Encoding => {
                (ENCODING, String::new(), "not UTF-8, or with a NUL character".to_owned())
            }
            json::Flaw::TwiceThere(pointer) => ("key-twice", pointer, "is there twice".to_owned()),
            json::Flaw::Syntax { column, .. } => {
                (NO_OBJECT, String::new(), format!("no JSON: it breaks off at column {column}"))
            }
        };
        vec![refuse("", &column, code, reason)]
    })?;
    if !value.is_object() {
        return Err(vec![refuse("", "", NO_OBJECT, "no JSON object".to_owned())]);
    }
    let handle = value.get("slug").and_then(Value::as_str).unwrap_or_default().to_owned();
    match product_line(value) {
        Ok(mut product) => {
            product.line = line;
            product.variants.iter_mut().for_each(|variant| variant.line = line);
            Ok(product)
        }
        Err(errors) => {
            let errors = errors.iter();
            Err(errors
                .map(|(pointer, reason)| refuse(&handle, pointer, "field-invalid", reason.clone()))
                .collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8], from: Option<Mark>) -> Result<(Vec<Piece>, Mark), (u64, String)> {
        let mut lines = Lines::open(io::Cursor::new(text.to_vec()), true);
        let mut all = || {
            if let Some(mark) = from {
                lines.go_on(&mark)?;
            }
            let mut pieces = Vec::new();
            while let Some(piece) = lines.next()? {
                pieces.push(piece);
            }
            Ok((pieces, lines.mark()))
        };
        all().map_err(|broken| match broken {
            Broken::Malformed { line, reason } => (line, reason),
            Broken::Source(error) => panic!("{error}"),
        })
    }

    #[test]
    fn each_line_is_a_product_and_a_bad_one_is_refused_alone() {
        let text = b"\xEF\xBB\xBF{\"slug\":\"mug\",\"name\":\"Mug\"}\r\n\n{\"slug\":\"cup\",\"name\":1}\n[]\n\xFF\n{\"slug\":\"pot\"}";
        let (pieces, mark) = pieces(text, None).unwrap();
        let told: Vec<_> = pieces
            .iter()
            .map(|piece| (piece.line, piece.refused.iter().map(|refused| refused.code).collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            told,
            [
                (1, vec![]),
                (3, vec!["field-invalid"]),
                (4, vec!["json-invalid"]),
                (5, vec!["encoding-invalid"]),
                (6, vec![])
            ]
        );
        assert_eq!(
            (pieces[1].refused[0].column.as_str(), pieces[1].refused[0].handle.as_str()),
            ("/name", "cup")
        );
        assert_eq!(pieces[1].rows, "{\"slug\":\"cup\",\"name\":1}\n");
        assert_eq!((mark.offset, mark.rows, mark.blank), (text.len() as u64, 6, 1));
    }

    #[test]
    fn it_goes_on_where_it_was() {
        let text: Vec<u8> = (0..5_000)
            .flat_map(|n| format!("{{\"slug\":\"p-{n}\",\"name\":\"{n}\"}}\n").into_bytes())
            .collect();
        let mut lines = Lines::open(io::Cursor::new(text.clone()), false);
        for place in 1..=5_000 {
            lines.next().unwrap().unwrap();
            if place % 1_237 == 0 || place == 5_000 {
                let (rest, mark) = pieces(&text, Some(lines.mark())).unwrap();
                assert_eq!((rest.len(), mark.offset), (5_000 - place, text.len() as u64));
                assert!(rest.first().is_none_or(|next| next.line == place as u64 + 1));
            }
        }
    }

    #[test]
    fn a_file_of_something_else_is_told_at_once() {
        for text in [&b"Handle,Title\n"[..], b"\n[1]\n", b"\"x\"", b"{\"slug\": \"a\""] {
            assert!(pieces(text, None).unwrap_err().1.contains("no JSON object"), "{text:?}");
        }
        assert_eq!(pieces(b"", None).unwrap().0.len(), 0);
    }

    #[test]
    fn a_line_has_a_bound_and_memory_with_it() {
        let long = io::Cursor::new(b"{\"slug\":\"a\"}\n").chain(io::repeat(b'x').take(20 << 20));
        let mut lines = Lines::open(long.chain(io::Cursor::new(b"\n{\"slug\":\"b\"}")), true);
        assert!(lines.next().unwrap().unwrap().refused.is_empty());
        let piece = lines.next().unwrap().unwrap();
        assert_eq!((piece.refused[0].code, piece.rows.len()), ("line-too-long", 0));
        assert!(lines.next().unwrap().unwrap().refused.is_empty());
    }
}
