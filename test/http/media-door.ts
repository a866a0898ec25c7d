// A door behind which a provider embeds, speaks and writes down as a test says.

import type { ModelProvider } from '../../src/index.ts'
import type { EmbeddingModel, SpeechModel, TranscriptionModel } from '../../src/ports/model.ts'
import { SCOPES } from '../../src/protocol/scopes.ts'
import type { Data } from '../harness/client.ts'
import { join } from '../harness/peer.ts'
import { modelOf } from '../services/conversation/conversation.ts'
import { openDoor } from './door.ts'

export interface Special {
  readonly embed?: EmbeddingModel['embed']
  readonly speak?: SpeechModel['speak']
  readonly transcribe?: TranscriptionModel['transcribe']
}

export async function openMedia(special: Special = {}, config: Data = {}) {
  const provider: ModelProvider = {
    api: 'played',
    model: ({ provider: name, model }) => modelOf(`${name}/${model}`, async function* () {}),
    ...(special.embed && { embedding: ({ provider: name, model }) => ({ id: `${name}/${model}`, provider: name, model, embed: special.embed! }) }),
    ...(special.speak && { speech: ({ provider: name, model }) => ({ id: `${name}/${model}`, provider: name, model, speak: special.speak! }) }),
    ...(special.transcribe && { transcription: ({ provider: name, model }) => ({ id: `${name}/${model}`, provider: name, model, transcribe: special.transcribe! }) }),
  }
  const { models = {}, ...rest } = config
  const all = { ...rest, models: { ...models, providers: { played: { api: 'played', baseUrl: 'http://played.test', models: [{ id: 'one', cost: { input: 1000, output: 1000 } }] }, ...models.providers } } }
  const door = await openDoor({ config: all, providers: [provider] })
  /** The headers of the holder of a key that is made so. */
  async function holder(wish: Data = {}): Promise<{ headers: { authorization: string }; id: string }> {
    const { client } = await join(door.gateway)
    const { key, row } = await client.call('keys.create', { name: 'x', scopes: [SCOPES[2]], ...wish })
    return { headers: { authorization: `Bearer ${key as string}` }, id: row.id as string }
  }
  async function usageOf(id: string): Promise<Data> {
    const { client } = await join(door.gateway)
    const { keys } = await client.call('keys.list', {})
    return (keys as Data[]).find((row) => row.id === id)!['usage'] as Data
  }
  return { ...door, holder, usageOf }
}
