//! ECDSA signatures from DER, as KMS writes them, to the 64 bytes `r || s` of JOSE (RFC 7518, 3.4).

/// The signature is no strict DER of two positive numbers of at most 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signer's answer is not an ECDSA P-256 signature in DER")]
pub struct SignatureFormError;

/// Turns a DER signature into `r || s`; strict, so that one signature has one form.
///
/// # Errors
/// The bytes are not the shortest DER of two positive numbers below 2^256.
pub fn raw_signature(der: &[u8]) -> Result<[u8; 64], SignatureFormError> {
    let [0x30, length, rest @ ..] = der else { return Err(SignatureFormError) };
    if usize::from(*length) != rest.len() || *length >= 0x80 {
        return Err(SignatureFormError);
    }
    let mut raw = [0_u8; 64];
    let (r, s) = raw.split_at_mut(32);
    let rest = integer(rest, r)?;
    let rest = integer(rest, s)?;
    if rest.is_empty() { Ok(raw) } else { Err(SignatureFormError) }
}

fn integer<'a>(der: &'a [u8], into: &mut [u8]) -> Result<&'a [u8], SignatureFormError> {
    let [0x02, length, rest @ ..] = der else { return Err(SignatureFormError) };
    let (number, rest) = rest.split_at_checked(usize::from(*length)).ok_or(SignatureFormError)?;
    let number = match number {
        [0] | [] => return Err(SignatureFormError),
        [0, first, ..] if *first < 0x80 => return Err(SignatureFormError),
        [0, ..] => &number[1..],
        [first, ..] if *first >= 0x80 => return Err(SignatureFormError),
        number => number,
    };
    let start = into.len().checked_sub(number.len()).ok_or(SignatureFormError)?;
    into[start..].copy_from_slice(number);
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::raw_signature;

    #[test]
    fn short_and_signed_numbers_are_padded_to_32_bytes() {
        let raw = raw_signature(&[0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x02, 0x00, 0x80]).unwrap();
        assert_eq!((raw[31], raw[63]), (5, 0x80));
        assert_eq!(raw.iter().filter(|byte| **byte != 0).count(), 2);
    }

    #[test]
    fn other_forms_of_the_same_numbers_are_refused() {
        let refused: [&[u8]; 9] = [
            &[],
            &[0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01],
            &[0x30, 0x07, 0x02, 0x02, 0x00, 0x05, 0x02, 0x01, 0x07],
            &[0x30, 0x06, 0x02, 0x01, 0x85, 0x02, 0x01, 0x07],
            &[0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x07],
            &[0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x07],
            &[0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07, 0x00],
            &[0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07, 0x00],
            &[0x30, 0x81, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07],
        ];
        for der in refused {
            assert!(raw_signature(der).is_err(), "{der:02x?}");
        }
        let too_long = [&[0x30, 0x26, 0x02, 0x21, 0x01][..], &[0; 32], &[0x02, 0x01, 0x07]].concat();
        assert!(raw_signature(&too_long).is_err());
    }
}
