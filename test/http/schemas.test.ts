// Schemas by the name of their file.

import { describe, expect, it } from 'vitest'
import { METHODS } from '../../src/methods/all.gen.ts'
import { listSchemas, schemaOf } from '../../src/http/schemas.ts'

describe('schemas', () => {
  it('are found by name, and loaded alone', async () => {
    const loaded: string[] = []
    const methods = METHODS.slice(0, 5).map((each) => ({ ...each, load: () => (loaded.push(each.name), each.load()) }))
    const [, second] = methods
    expect(await schemaOf(`${second!.name}.json`, methods)).toMatchObject({ title: second!.name, $defs: { params: {}, result: {} } })
    expect(loaded).toEqual([second!.name])
    expect(await schemaOf('connect.json', [])).toMatchObject({ title: 'connect' })
    expect(await schemaOf('events/tick.json', [])).toMatchObject({ title: 'tick', $defs: { payload: {} } })
    for (const name of ['nothing.json', 'events/nothing.json', '', 'tick']) expect(await schemaOf(name, methods)).toBeNull()
  })

  it('are listed in the order of their names', () => {
    const { methods, events } = listSchemas([])
    expect(methods).toEqual(['/schemas/connect.json'])
    expect(events).toContain('/schemas/events/connect.challenge.json')
  })
})
