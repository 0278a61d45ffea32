//! A strict, streaming reader of CSV records.
//!
//! Merchants' files are cut by full disks and broken by spreadsheets, and what a lenient reader makes of them goes into
//! the shop: a file that ends inside a quoted field, or a row that lost a comma, reads as a product with other fields.
//! So this reader takes RFC 4180 (with any of the three line ends) and nothing else, knows the line of whatever is
//! wrong, and never holds more than one record of bounded size.

use std::io::{self, Read};

use super::refused::push_row;

/// The most bytes of one field.
pub(crate) const FIELD_BYTES_MAX: usize = 1 << 20;
/// The most bytes of one record.
const RECORD_BYTES_MAX: usize = 4 << 20;
/// The most bytes of the header.
const HEADER_BYTES_MAX: usize = 256 << 10;
/// The most columns.
const COLUMNS_MAX: usize = 2_000;

/// Reads records of a CSV file.
pub(super) struct Records<R> {
    source: R,
    buffer: Box<[u8]>,
    read: std::ops::Range<usize>,
    bytes_read: u64,
    ended: bool,
    /// The line of the next byte, from 1.
    line: u64,
    /// The last byte was a carriage return: a line feed after it ends the same line.
    after_return: bool,
    columns: Vec<String>,
}

/// One record: its fields, and the line and the byte on which it begins.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) offset: u64,
    /// The fields, each followed by a separator, so that bytes of two fields never make one character.
    text: String,
    /// Where each field ends.
    ends: Vec<usize>,
}

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Broken {
    /// The file is not what it should be.
    Malformed { line: u64, reason: String },
    /// The source could not be read.
    Source(io::Error),
}

impl Record {
    pub(super) fn get(&self, column: usize) -> &str {
        let start = if column == 0 { 0 } else { self.ends[column - 1] + 1 };
        &self.text[start..self.ends[column]]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Writes it as it would stand in a file.
    pub(super) fn write(&self, out: &mut String) {
        let fields: Vec<&str> = (0..self.len()).map(|column| self.get(column)).collect();
        push_row(out, &fields);
    }

    pub(super) fn is_blank(&self) -> bool {
        (0..self.len()).all(|column| self.get(column).trim().is_empty())
    }
}

/// Where in a field the reader is.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Start,
    Plain,
    Quoted,
    AfterQuote,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: R) -> Self {
        let buffer = vec![0; 64 << 10].into_boxed_slice();
        let columns = Vec::new();
        Self {
            source,
            buffer,
            read: 0..0,
            bytes_read: 0,
            ended: false,
            line: 1,
            after_return: false,
            columns,
        }
    }

    /// How many bytes of the source have been read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read - (self.read.end - self.read.start) as u64
    }

    /// Reads the first record: the names of the columns, without white space around them.
    pub(super) fn header(&mut self) -> Result<Vec<String>, Broken> {
        self.skip_mark()?;
        let mut header = Record::default();
        if !self.next_into(&mut header)? {
            return Err(malformed(1, "the file is empty"));
        }
        if header.bytes() > HEADER_BYTES_MAX {
            let reason =
                format!("a header of more than {HEADER_BYTES_MAX} bytes: a quote may be missing in it");
            return Err(malformed(1, reason));
        }
        self.columns = (0..header.len()).map(|column| header.get(column).trim().to_owned()).collect();
        Ok(self.columns.clone())
    }

    /// The line of the next byte.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Passes over everything up to where a record begins.
    pub(super) fn skip_to(&mut self, offset: u64, line: u64) -> Result<(), Broken> {
        while self.bytes_read() < offset {
            if self.peek()?.is_none() {
                return Err(malformed(line, "the file is shorter than it was"));
            }
            let rest = usize::try_from(offset - self.bytes_read()).unwrap_or(usize::MAX);
            self.read.start += rest.min(self.read.len());
        }
        (self.line, self.after_return) = (line, false);
        Ok(())
    }

    /// Reads the next record; `false` at the end. Empty lines are passed over.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, Broken> {
        if !self.next_into(record)? {
            return Ok(false);
        }
        if record.len() == self.columns.len() {
            return Ok(true);
        }
        let reason = format!(
            "the row has {} fields and the header has {}: a comma or a quote is missing or too many, or the file was cut",
            record.len(),
            self.columns.len()
        );
        Err(malformed(record.line, reason))
    }

    fn next_into(&mut self, record: &mut Record) -> Result<bool, Broken> {
        loop {
            if !self.raw(record)? {
                return Ok(false);
            }
            let empty_line = record.len() == 1 && record.get(0).is_empty();
            if !empty_line {
                return Ok(true);
            }
        }
    }

    /// Reads a record of any length, which may be an empty line.
    fn raw(&mut self, record: &mut Record) -> Result<bool, Broken> {
        let mut text = std::mem::take(&mut record.text).into_bytes();
        text.clear();
        record.ends.clear();
        let (mut place, mut field_start, mut quote_line) = (Place::Start, 0, 0);
        let mut begun = false;
        loop {
            let Some(byte) = self.peek()? else {
                match place {
                    Place::Quoted => {
                        let reason = format!(
                            "the file ends inside the quoted field that begins on line {quote_line}: it was cut, or a quote is missing"
                        );
                        return Err(malformed(self.line, reason));
                    }
                    _ if begun => {
                        self.finish(record, text)?;
                        return Ok(true);
                    }
                    _ => return Ok(false),
                }
            };
            if self.after_return && byte == b'\n' && place == Place::Start && !begun {
                self.consume(byte); // the second half of a line end
                continue;
            }
            if !begun {
                (begun, record.line, record.offset) = (true, self.line, self.bytes_read());
            }
            self.consume(byte);
            match (place, byte) {
                (_, 0) => {
                    let reason = "a NUL byte: the file is no text, or UTF-16. Save it as CSV in UTF-8";
                    return Err(malformed(self.line, reason));
                }
                (Place::Start, b'"') => (place, quote_line) = (Place::Quoted, self.line),
                (Place::Quoted, b'"') => place = Place::AfterQuote,
                (Place::AfterQuote, b'"') => {
                    text.push(b'"');
                    place = Place::Quoted;
                }
                (Place::Quoted, byte) => {
                    text.push(byte);
                    self.take_plain(&mut text, field_start, |byte| byte != b'"');
                }
                (_, b',') => {
                    record.ends.push(text.len());
                    text.push(b',');
                    (place, field_start) = (Place::Start, text.len());
                    if record.ends.len() >= self.columns_max() {
                        let reason = format!(
                            "the row has more than {} fields: a quote may be missing",
                            self.columns_max()
                        );
                        return Err(malformed(record.line, reason));
                    }
                }
                (_, b'\n' | b'\r') => {
                    self.finish(record, text)?;
                    return Ok(true);
                }
                (Place::AfterQuote, _) => {
                    let reason = format!(
                        "text after the closing quote of the field that begins on line {quote_line}: a quote inside a field is written twice"
                    );
                    return Err(malformed(self.line, reason));
                }
                (Place::Start | Place::Plain, byte) => {
                    place = Place::Plain;
                    text.push(byte);
                    self.take_plain(&mut text, field_start, |byte| byte != b',');
                }
            }
            if text.len() - field_start > FIELD_BYTES_MAX || text.len() > RECORD_BYTES_MAX {
                let reason = format!(
                    "a field of more than {FIELD_BYTES_MAX} bytes, or a row of more than {RECORD_BYTES_MAX}: a quote may be missing before it"
                );
                return Err(malformed(record.line, reason));
            }
        }
    }

    /// Takes bytes that need no decision, as far as the buffer reaches.
    fn take_plain(&mut self, text: &mut Vec<u8>, field_start: usize, plain: impl Fn(u8) -> bool) {
        let room = (FIELD_BYTES_MAX + 1).saturating_sub(text.len() - field_start);
        let rest = &self.buffer[self.read.clone()];
        let stop = |byte: &u8| !plain(*byte) || matches!(byte, 0 | b'\n' | b'\r');
        let length = rest.iter().position(stop).unwrap_or(rest.len()).min(room);
        if length > 0 {
            text.extend_from_slice(&rest[..length]);
            self.read.start += length;
            self.after_return = false;
        }
    }

    /// Ends the last field, and checks that the record is text.
    fn finish(&self, record: &mut Record, mut text: Vec<u8>) -> Result<(), Broken> {
        record.ends.push(text.len());
        text.push(b',');
        record.text = String::from_utf8(text).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let text = error.into_bytes();
            let before = &text[..valid];
            let line = record.line + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            let column = record.ends.iter().filter(|end| **end < valid).count();
            let column = self.columns.get(column).map_or_else(|| format!("{}", column + 1), Clone::clone);
            let reason = format!(
                "the byte {:#04x} in column {column} is not UTF-8: the file may be Latin-1 or Windows-1252. Save it as CSV in UTF-8",
                text[valid]
            );
            malformed(line, reason)
        })?;
        Ok(())
    }

    fn columns_max(&self) -> usize {
        if self.columns.is_empty() { COLUMNS_MAX } else { self.columns.len() }
    }

    /// Passes over the mark of UTF-8, and recognizes files that are no CSV in UTF-8 by theirs.
    fn skip_mark(&mut self) -> Result<(), Broken> {
        self.fill()?;
        match &self.buffer[self.read.clone()] {
            [0xEF, 0xBB, 0xBF, ..] => self.read.start += 3,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return Err(malformed(1, "the file is UTF-16: save it as CSV in UTF-8"));
            }
            [b'P', b'K', 3, 4, ..] => {
                return Err(malformed(1, "the file is a workbook or a zip file: save it as CSV in UTF-8"));
            }
            _ => (),
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<u8>, Broken> {
        if self.read.is_empty() {
            self.fill()?;
        }
        Ok(self.buffer.get(self.read.clone()).and_then(|rest| rest.first().copied()))
    }

    fn consume(&mut self, byte: u8) {
        self.read.start += 1;
        match byte {
            b'\n' if self.after_return => (),
            b'\n' | b'\r' => self.line += 1,
            _ => (),
        }
        self.after_return = byte == b'\r';
    }

    /// Fills the empty buffer as far as the source gives.
    fn fill(&mut self) -> Result<(), Broken> {
        let mut filled = 0;
        while filled < self.buffer.len() && !self.ended {
            match self.source.read(&mut self.buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(Broken::Source(error)),
            }
        }
        self.bytes_read += filled as u64;
        self.read = 0..filled;
        Ok(())
    }
}

fn malformed(line: u64, reason: impl Into<String>) -> Broken {
    Broken::Malformed { line, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with their lines.
    type Rows = Vec<(u64, Vec<String>)>;

    fn read(text: &[u8]) -> Result<Rows, (u64, String)> {
        // One byte at a time: nothing may depend on where a read ends.
        struct Drip<'a>(&'a [u8]);
        impl Read for Drip<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(&mut buffer[..1])
            }
        }
        let mut records = Records::new(Drip(text));
        let mut rows = Vec::new();
        let mut record = Record::default();
        let mut all = || {
            records.header()?;
            while records.next(&mut record)? {
                rows.push((
                    record.line,
                    (0..record.len()).map(|column| record.get(column).to_owned()).collect(),
                ));
            }
            Ok(())
        };
        match all() {
            Ok(()) => Ok(rows),
            Err(Broken::Malformed { line, reason }) => Err((line, reason)),
            Err(Broken::Source(error)) => panic!("{error}"),
        }
    }

    fn fields(row: &[&str]) -> Vec<String> {
        row.iter().map(|field| (*field).to_owned()).collect()
    }

    #[test]
    fn reads_quotes_line_ends_and_lines() {
        let text =
            b"\xEF\xBB\xBFa, b \r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\r\n,13.3\" wide\n\"\",\r\"x\",y";
        let rows = read(text).unwrap();
        assert_eq!(
            rows,
            [
                (2, fields(&["1", "two\r\nlines, \"quoted\""])),
                (5, fields(&["", "13.3\" wide"])),
                (6, fields(&["", ""])),
                (7, fields(&["x", "y"])),
            ]
        );
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, line, says) in [
            (&b""[..], 1, "empty"),
            (b"a,b\n1,2\n3,\"cut\nhere", 4, "quoted field that begins on line 3"),
            (b"a,b\n1\n", 2, "1 fields"),
            (b"a,b\n1,2,3\n", 2, "more than 2 fields"),
            (b"a,b\n1,\"x\"y\n", 2, "closing quote"),
            (b"a,b\n1,2\n1,\0\n", 3, "NUL"),
            (b"a,b\n1,\"x\ncaf\xE9\"\n", 3, "0xe9 in column b"),
            (b"a,b\n\xC3,\xA9\n", 2, "0xc3 in column a"),
            (b"\xFF\xFEa\0,\0b\0", 1, "UTF-16"),
            (b"PK\x03\x04....", 1, "workbook"),
        ] {
            let (at, reason) = read(text).unwrap_err();
            assert_eq!(at, line, "{reason}");
            assert!(reason.contains(says), "{reason:?} says {says:?}");
        }
    }

    #[test]
    fn a_field_has_a_bound_and_memory_with_it() {
        for quote in ["", "\""] {
            let head = format!("a,b\n1,2\n3,{quote}");
            let mut source = Records::new(head.as_bytes().chain(io::repeat(b'x')));
            let mut record = Record::default();
            source.header().unwrap();
            source.next(&mut record).unwrap();
            let Err(Broken::Malformed { line: 3, reason }) = source.next(&mut record) else { panic!() };
            assert!(reason.contains("1048576"));
            assert!(source.bytes_read() < 2 * FIELD_BYTES_MAX as u64);
        }
        let most = format!("a,b\n1,{}\n", "x".repeat(FIELD_BYTES_MAX));
        assert_eq!(read(most.as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn a_small_bound_of_columns_stops_a_header_of_commas() {
        assert!(read(&[b','; 10_000]).unwrap_err().1.contains("2000"));
    }
}
