// Payloads that one browser alone can read.

import { expect, it } from 'vitest'
import { toUtf8 } from '../../../src/kit/bytes.ts'
import { encryptPayload, MAX_PAYLOAD_BYTES } from '../../../src/services/push/encryption.ts'
import { createBrowser } from './browser.ts'

it.each(['', 'hello', 'ünïcödé 🦀', 'x'.repeat(MAX_PAYLOAD_BYTES)])('%#: can be read by its browser', async (text) => {
  const browser = await createBrowser()
  const body = await encryptPayload(toUtf8(text), browser.keys)
  expect(body.length).toBeLessThanOrEqual(4096)
  expect(await browser.read(body)).toMatchObject({ text, recordBytes: 4096 })
})

it('can be read by no other browser', async () => {
  const [mine, other] = [await createBrowser(), await createBrowser()]
  const body = await encryptPayload(toUtf8('secret'), mine.keys)
  await expect(other.read(body)).rejects.toThrow()
  await expect(mine.read(await encryptPayload(toUtf8('secret'), { ...mine.keys, auth: other.keys.auth }))).rejects.toThrow()
  expect(Buffer.from(body).includes('secret')).toBe(false)
})

it('has a key and a salt of its own for each message', async () => {
  const browser = await createBrowser()
  const [a, b] = [await browser.read(await encryptPayload(toUtf8('x'), browser.keys)), await browser.read(await encryptPayload(toUtf8('x'), browser.keys))]
  expect(a.salt).not.toBe(b.salt)
  expect(a.publicKey).not.toBe(b.publicKey)
})

it('refuses what does not fit, and keys that are none', async () => {
  const { keys } = await createBrowser()
  await expect(encryptPayload(new Uint8Array(MAX_PAYLOAD_BYTES + 1), keys)).rejects.toThrow('too long')
  for (const bad of [{ ...keys, p256dh: 'AAAA' }, { ...keys, auth: 'AAAA' }, { ...keys, p256dh: Buffer.alloc(65, 4).toString('base64url') }, { ...keys, p256dh: '§' }]) {
    await expect(encryptPayload(toUtf8('x'), bad)).rejects.toThrow()
  }
})
