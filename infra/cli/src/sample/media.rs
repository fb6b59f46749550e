//! Small pictures and texts: avatars, and the files that hang on messages. Every pixel is computed.

use super::people::Person;
use super::random::Random;
use super::talk::Attachment;
use super::{Out, Settings};

const SIDE: usize = 32;

/// Writes `avatars/<user id>/avatar.png` and `attachments/<attachment id>/<file name>`.
pub(super) fn write(
    out: &Out,
    settings: &Settings,
    people: &[Person],
    attachments: &[Attachment],
) -> std::io::Result<()> {
    let mut random = out.random("media");
    for person in people.iter().take(settings.people_with_media) {
        let key = format!("{}/avatar.png", person.user_id);
        out.bytes("media", "avatars", &key, &picture(&mut random))?;
    }
    for one in attachments {
        let key = format!("{}/{}", one.attachment_id, one.file_name);
        let text = || format!("A note attached to a message.\nReference {}.\n", one.attachment_id).into_bytes();
        let bytes = if one.picture { picture(&mut random) } else { text() };
        out.bytes("media", "attachments", &key, &bytes)?;
    }
    Ok(())
}

/// A symmetric pattern in two shades, as a palette PNG.
fn picture(random: &mut Random) -> Vec<u8> {
    let [red, green, blue, ..] = random.bits().to_be_bytes();
    let palette = [red, green, blue, 245, 245, 240];
    let cells = random.bits();
    let mut pixels = Vec::with_capacity(SIDE * (SIDE + 1));
    for y in 0..SIDE {
        pixels.push(0);
        for x in 0..SIDE {
            let column = x.min(SIDE - 1 - x) / 4;
            pixels.push(u8::from(cells >> (y / 4 * 4 + column) & 1 == 0));
        }
    }
    png(&palette, &pixels)
}

/// A PNG whose pixels are stored, not compressed: the bytes then depend on no library.
fn png(palette: &[u8], pixels: &[u8]) -> Vec<u8> {
    let side = u32::try_from(SIDE).unwrap_or_default().to_be_bytes();
    let header = [&side[..], &side[..], &[8, 3, 0, 0, 0]].concat();
    let length = u16::try_from(pixels.len()).unwrap_or_default();
    let zlib = [
        &[0x78, 0x01, 0x01][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        pixels,
        &adler32(pixels).to_be_bytes(),
    ]
    .concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, body) in [(b"IHDR", &header[..]), (b"PLTE", palette), (b"IDAT", &zlib), (b"IEND", &[])] {
        out.extend(u32::try_from(body.len()).unwrap_or_default().to_be_bytes());
        let named = [&kind[..], body].concat();
        out.extend(&named);
        out.extend(crc32(&named).to_be_bytes());
    }
    out
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for &byte in bytes {
        low = (low + u32::from(byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::{adler32, crc32};

    #[test]
    fn checksums_agree_with_the_published_check_values() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
