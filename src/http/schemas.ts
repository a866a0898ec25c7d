// The schema of a method or an event by the name of its file. Evaluated when the first one is asked for.

import { connectParams, helloOk } from '../protocol/connect.ts'
import { EVENTS } from '../protocol/events.ts'
import type { ListedMethod } from '../rpc/method.ts'
import { eventSchema, methodSchema, type JsonSchema } from '../rpc/schema.ts'

const CONNECT = { name: 'connect', summary: 'The first request of every connection.', params: connectParams, result: helloOk }

/** `chat.send.json`, `events/chat.json`; null: there is none. */
export async function schemaOf(file: string, methods: readonly ListedMethod[]): Promise<JsonSchema | null> {
  const [, isEvent, name] = /^(events\/)?([\w.-]{1,100})\.json$/.exec(file) ?? []
  if (name === undefined) return null
  if (isEvent !== undefined) {
    const event = EVENTS.find((each) => each.name === name)
    return event ? eventSchema(event) : null
  }
  if (name === CONNECT.name) return methodSchema(CONNECT)
  const listed = methods.find((each) => each.name === name)
  return listed ? methodSchema(await listed.load()) : null
}

export const listSchemas = (methods: readonly ListedMethod[]) => ({
  methods: [CONNECT, ...methods].map(({ name }) => `/schemas/${name}.json`).toSorted(),
  events: EVENTS.map(({ name }) => `/schemas/events/${name}.json`),
})
