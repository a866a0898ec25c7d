// The picture of a setup code, for the camera of a phone.

import { encode } from 'uqr'
import { exceedsBytes, toBase64 } from '../../kit/bytes.ts'
import { toPng } from '../../kit/png.ts'

/** What a data URL may have at most, as it is published. */
const MAX_CHARS = 16_384
const MAX_SCALE = 6

/** The most bytes that a code of the lowest level of correction holds. */
const MAX_TEXT_BYTES = 2953

/** As a data URL: the largest that fits. null when the text is too long for a picture. */
export function toQrDataUrl(text: string): string | null {
  if (exceedsBytes(text, MAX_TEXT_BYTES)) return null
  const { data } = encode(text, { ecc: 'L', border: 4 })
  for (let scale = MAX_SCALE; scale > 0; scale--) {
    const url = `data:image/png;base64,${toBase64(toPng(data, scale))}`
    if (url.length <= MAX_CHARS) return url
  }
  return null
}
