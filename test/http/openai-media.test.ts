// The paths of embeddings and audio: who may use them, with what, and whether they are there at all.

import { describe, expect, it } from 'vitest'
import { errorOf } from './door.ts'
import { openMedia } from './media-door.ts'

const PATHS = ['/v1/embeddings', '/v1/audio/speech', '/v1/audio/transcriptions']

describe.each(PATHS)('%s', (path) => {
  it('is for POST, and for those who may write', async () => {
    const { ask, holder } = await openMedia()
    const refused = await ask(path)
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await ask(path, { body: {}, headers: { authorization: null } })).status).toBe(401)
    const { headers } = await holder({ scopes: ['operator.read'] })
    expect(await errorOf(await ask(path, { body: {}, headers }))).toMatchObject({ status: 403, details: { missingScope: 'operator.write' } })
  })

  it('takes what it is made for, by its type', async () => {
    const { ask } = await openMedia()
    expect(await errorOf(await ask(path, { body: 'x', headers: { 'content-type': 'text/plain' } }))).toMatchObject({ status: 415 })
  })

  it('goes with chat completions', async () => {
    const { ask } = await openMedia({}, { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } })
    const { status, message } = await errorOf(await ask(path, { body: {} }))
    expect([status, message]).toEqual([404, expect.stringContaining('chatCompletions.enabled')])
  })
})
