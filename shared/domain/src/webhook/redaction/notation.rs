//! A response as its readers see it: with the escapes of JSON, HTML and URLs resolved. Each byte knows its place in the
//! response. So a secret need not be searched in every notation.

use std::ops::Range;

/// How many levels of escapes are resolved: for example JSON inside an HTML page. Deeper nesting does not occur.
const DEPTH: usize = 2;
/// Maximum length of an escape, in bytes: `&#x10ffff;`, or two of `\ud83d`.
const LONGEST_ESCAPE: usize = 12;

/// One reading of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// The bytes after escapes are resolved.
    pub(super) bytes: Vec<u8>,
    /// For each of these bytes, the bytes of the response that stand for it.
    sources: Vec<Range<usize>>,
}

/// The meaning of an escape at the beginning of some bytes, and the escape's length.
type Escape = fn(&[u8]) -> Option<(Vec<u8>, usize)>;

const NOTATIONS: [Escape; 4] = [backslash, entity, percent, plus_or_percent];

impl View {
    /// All readings that differ from each other. If the response is not whole, an escape at its end may be incomplete
    /// and is left out.
    pub(super) fn all(answer: &[u8], is_whole: bool) -> Vec<Self> {
        let literal =
            Self { bytes: answer.to_vec(), sources: (0..answer.len()).map(|index| index..index + 1).collect() };
        let mut all = vec![literal];
        let mut from = 0;
        for _ in 0..DEPTH {
            let to = all.len();
            for index in from..to {
                for escape in NOTATIONS {
                    let view = all[index].resolved(escape, is_whole);
                    if !all.contains(&view) {
                        all.push(view);
                    }
                }
            }
            from = to;
        }
        all
    }

    /// The bytes of the response that these bytes of the view stand for.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        let begin = self.sources.get(range.start).map_or(0, |source| source.start);
        let end = self.sources[range].last().map_or(begin, |source| source.end);
        begin..end
    }

    fn resolved(&self, escape: Escape, is_whole: bool) -> Self {
        let mut view = Self { bytes: Vec::with_capacity(self.bytes.len()), sources: Vec::new() };
        let mut index = 0;
        while index < self.bytes.len() {
            let rest = &self.bytes[index..];
            let is_escape = matches!(rest[0], b'\\' | b'&' | b'%' | b'+');
            match escape(rest).filter(|_| is_escape) {
                Some((bytes, length)) => {
                    let source = self.source(index..index + length);
                    view.sources.extend(std::iter::repeat_n(source, bytes.len()));
                    view.bytes.extend(bytes);
                    index += length;
                }
                None if is_escape && !is_whole && rest.len() < LONGEST_ESCAPE => break,
                None => {
                    view.sources.push(self.sources[index].clone());
                    view.bytes.push(rest[0]);
                    index += 1;
                }
            }
        }
        view
    }
}

/// Escapes of JSON, JavaScript, PHP and Python: `\"`, `\n`, `\x22`, `\u0022`.
fn backslash(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'\\', kind, rest @ ..] = bytes else { return None };
    let letter = match kind {
        b'u' => {
            let unit = |from: usize| rest.get(from..from + 4).and_then(hexadecimal);
            let first = unit(0)?;
            let second = rest.get(4..6).filter(|begin| *begin == b"\\u").and_then(|_| unit(6));
            let pair = [u16::try_from(first).ok()?, second.and_then(|unit| u16::try_from(unit).ok()).unwrap_or(0)];
            if let (Some(Ok(c)), 0xd800..0xdc00) = (char::decode_utf16(pair).next(), first) {
                return Some((utf8(c), 12));
            }
            return Some((utf8(char::from_u32(first)?), 6));
        }
        b'x' => return Some((vec![u8::try_from(hexadecimal(rest.get(..2)?)?).ok()?], 4)),
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        other => *other,
    };
    Some((vec![letter], 2))
}

/// Character references of HTML and XML: `&quot;`, `&#34;`, `&#x22;`.
fn entity(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'&', rest @ ..] = bytes else { return None };
    let end = rest.iter().take(LONGEST_ESCAPE).position(|byte| *byte == b';')?;
    let c = match &rest[..end] {
        b"quot" => '"',
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hexadecimal(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    };
    Some((utf8(c), end + 2))
}

/// Percent-encoding.
fn percent(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [b'%', rest @ ..] = bytes else { return None };
    Some((vec![u8::try_from(hexadecimal(rest.get(..2)?)?).ok()?], 3))
}

/// Percent-encoding as in forms, where `+` is a space.
fn plus_or_percent(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    if bytes.first() == Some(&b'+') { Some((b" ".to_vec(), 1)) } else { percent(bytes) }
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

fn utf8(c: char) -> Vec<u8> {
    c.to_string().into_bytes()
}
