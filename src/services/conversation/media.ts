// Images that users send: the bytes are files of the gateway, messages carry their id.

import { fromBase64, toBase64 } from '../../kit/bytes.ts'
import { uuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import type { Attachment, ImagePart } from '../../protocol/shapes.ts'
import { MAX_ATTACHMENT_BYTES, MAX_IMAGE_BYTES } from '../../protocol/version.ts'
import type { Platform } from '../../ports/platform.ts'

export interface Media {
  /** Checks attachments and keeps their bytes. Throws for what is no image, is too large, or is not base64. */
  keep(attachments: readonly Attachment[]): Promise<ImagePart[]>
  /** The bytes in base64; null when the file is gone. */
  load(mediaId: string): Promise<string | null>
}

const IMAGE_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

export function createMedia(files: Platform['files']): Media {
  return {
    async keep(attachments) {
      const images = attachments.map((attachment, index) => decode(attachment, index))
      const total = images.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
      if (total > MAX_ATTACHMENT_BYTES) throw invalid(`attachments are too large: ${total} bytes, at most ${MAX_ATTACHMENT_BYTES}`)
      return Promise.all(
        images.map(async ({ mimeType, bytes }) => {
          const mediaId = uuid()
          await files.setItemRaw(`media:${mediaId}`, bytes)
          return { type: 'image' as const, mimeType, mediaId, sizeBytes: bytes.byteLength }
        }),
      )
    },
    async load(mediaId) {
      const bytes = await files.getItemRaw<Uint8Array | ArrayBuffer>(`media:${mediaId}`)
      return bytes === null ? null : toBase64(new Uint8Array(bytes))
    },
  }
}

function decode(attachment: Attachment, index: number): { mimeType: string; bytes: Uint8Array } {
  const where = `attachments[${index}]`
  if (typeof attachment.content !== 'string') throw invalid(`${where}: content must be base64 text or a data URL`)
  const dataUrl = /^data:([^;,]+);base64,(.*)$/s.exec(attachment.content)
  const mimeType = (dataUrl?.[1] ?? attachment.mimeType ?? '').toLowerCase()
  if (!IMAGE_TYPES.includes(mimeType)) {
    throw invalid(`${where}: type "${mimeType}" is not supported: send PNG, JPEG, GIF or WebP`)
  }
  const bytes = fromBase64(dataUrl?.[2] ?? attachment.content)
  if (!bytes) throw invalid(`${where}: content is not valid base64`)
  if (bytes.byteLength === 0) throw invalid(`${where}: the image is empty`)
  if (bytes.byteLength > MAX_IMAGE_BYTES) {
    throw invalid(`${where}: the image has ${bytes.byteLength} bytes, at most ${MAX_IMAGE_BYTES} are accepted`)
  }
  return { mimeType, bytes }
}
