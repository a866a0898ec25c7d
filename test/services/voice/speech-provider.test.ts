// Forms of audio.

import { expect, it } from 'vitest'
import { formOf, toFormat } from '../../../src/services/voice/speech-provider.ts'

it.each([
  ['mp3', 'audio/mpeg', '.mp3', undefined],
  ['opus', 'audio/ogg', '.opus', true],
  ['wav', 'audio/wav', '.wav', undefined],
  ['strange', 'application/octet-stream', '.strange', undefined],
])('%s', (format, mimeType, extension, isVoiceNote) => {
  expect(formOf(format)).toEqual({ mimeType, extension, ...(isVoiceNote && { isVoiceNote }) })
})

it.each([
  ['mp3', 'mp3'],
  ['MP3_44100_128', 'mp3'],
  ['pcm_24000', 'pcm'],
  ['ogg', null],
  ['', null],
  ['constructor', null],
])('knows the format %j as %j', (asked, format) => {
  expect(toFormat(asked)).toBe(format)
})
