// Images of users: what is taken, what is refused, and that bytes come back as they were.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { toBase64 } from '../../../src/kit/bytes.ts'
import type { GatewayError } from '../../../src/protocol/errors.ts'
import { MAX_ATTACHMENT_BYTES, MAX_IMAGE_BYTES } from '../../../src/protocol/version.ts'
import { createMedia } from '../../../src/services/conversation/media.ts'

const PNG = 'image/png'

function make() {
  const files = createStorage()
  return { files, media: createMedia(files) }
}

/** Base64 of so many zero bytes. */
function zeros(bytes: number): string {
  const rest = bytes % 3
  return 'AAAA'.repeat(Math.floor(bytes / 3)) + (rest === 0 ? '' : rest === 1 ? 'AA==' : 'AAA=')
}

describe('what is kept', () => {
  it('comes back byte for byte', async () => {
    const { media } = make()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const [image] = await media.keep([{ mimeType: PNG, content: toBase64(bytes) }])
        expect(image).toMatchObject({ type: 'image', mimeType: PNG, sizeBytes: bytes.byteLength })
        expect(await media.load(image!.mediaId)).toBe(toBase64(bytes))
      }),
    )
  })

  it('has an id of its own, in the order in which it came', async () => {
    const { media } = make()
    const images = await media.keep(['AAAA', 'AAAA', 'AAAAAAAA'].map((content) => ({ mimeType: PNG, content })))
    expect(new Set(images.map((image) => image.mediaId)).size).toBe(3)
    expect(images.map((image) => image.sizeBytes)).toEqual([3, 3, 6])
  })

  it('is of the type that its data URL names, whatever stands beside it', async () => {
    const { media } = make()
    const [image] = await media.keep([{ mimeType: 'text/plain', content: 'data:IMAGE/WebP;base64,AAAA' }])
    expect(image!.mimeType).toBe('image/webp')
  })

  it('is null once the file is gone', async () => {
    const { files, media } = make()
    const [image] = await media.keep([{ mimeType: PNG, content: 'AAAA' }])
    await files.removeItem(`media:${image!.mediaId}`)
    expect(await media.load(image!.mediaId)).toBeNull()
  })
})

describe('what is refused', () => {
  const refused = async (attachments: Parameters<ReturnType<typeof createMedia>['keep']>[0]) => {
    const { files, media } = make()
    const error = await media.keep(attachments).then(() => expect.unreachable('it was taken'), (reason: GatewayError) => reason)
    expect(error.code).toBe('INVALID_REQUEST')
    expect(await files.getKeys(), 'nothing is kept').toEqual([])
    return error.message
  }

  it('names the attachment and the reason', async () => {
    expect(await refused([{ mimeType: PNG, content: 'AAAA' }, { mimeType: 'image/svg+xml', content: 'AAAA' }])).toBe(
      'attachments[1]: type "image/svg+xml" is not supported: send PNG, JPEG, GIF or WebP',
    )
    expect(await refused([{ mimeType: PNG, content: 'not base64!' }])).toBe('attachments[0]: content is not valid base64')
    expect(await refused([{ mimeType: PNG }])).toBe('attachments[0]: content must be base64 text or a data URL')
    expect(await refused([{ content: 'AAAA' }])).toContain('type "" is not supported')
    expect(await refused([{ mimeType: PNG, content: 'data:text/html;base64,AAAA' }])).toContain('type "text/html"')
  })

  it('is what is larger than one image may be, by a byte', async () => {
    const { media } = make()
    const [largest] = await media.keep([{ mimeType: PNG, content: zeros(MAX_IMAGE_BYTES) }])
    expect(largest!.sizeBytes).toBe(MAX_IMAGE_BYTES)
    expect(await refused([{ mimeType: PNG, content: zeros(MAX_IMAGE_BYTES + 1) }])).toBe(
      `attachments[0]: the image has ${MAX_IMAGE_BYTES + 1} bytes, at most ${MAX_IMAGE_BYTES} are accepted`,
    )
  })

  it('is what is too large together', async () => {
    const each = { mimeType: PNG, content: zeros(5_000_000) }
    expect(await refused([each, each, each, each])).toBe(`attachments are too large: 20000000 bytes, at most ${MAX_ATTACHMENT_BYTES}`)
  })

  it('is an image without a byte', async () => {
    expect(await refused([{ mimeType: PNG, content: '' }])).toContain('attachments[0]')
  })
})
