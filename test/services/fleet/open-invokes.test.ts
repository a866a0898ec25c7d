// The invokes that wait, by each of their names.

import { expect, it } from 'vitest'
import { createOpenInvoke, createOpenInvokes } from '../../../src/services/fleet/open-invokes.ts'
import { OPERATOR } from './fleet.ts'

const make = (nodeId = 'n') =>
  createOpenInvoke({
    request: { nodeId, command: 'location.get', key: 'k', principal: OPERATOR },
    connectionId: 'c',
    paramsJSON: undefined,
    runId: null,
    deadline: 0,
  })

it('finds an invoke by its id, by what the node knows it by, and by the node', () => {
  const open = createOpenInvokes()
  const [a, b, other] = [make(), make(), make('other')]
  for (const invoke of [a, b, other]) open.add(invoke)
  open.setDispatch(a, 'd1')
  expect(open.get(a.id)).toBe(a)
  expect(open.byDispatch('d1')).toBe(a)
  expect(open.ofNode('n')).toEqual([a, b])
  expect(open.size).toBe(3)
  open.setDispatch(a, 'd2')
  expect(open.byDispatch('d1')).toBeUndefined()
  expect(open.byDispatch('d2')).toBe(a)
  open.setDispatch(a, '')
  expect(open.byDispatch('')).toBeUndefined()
})

it('forgets it once, under all its names', () => {
  const open = createOpenInvokes()
  const a = make()
  open.add(a)
  open.setDispatch(a, 'd')
  expect(open.delete(a)).toBe(true)
  expect(open.delete(a)).toBe(false)
  expect([open.get(a.id), open.byDispatch('d'), open.ofNode('n'), open.size]).toEqual([undefined, undefined, [], 0])
})

it('has room for a number of each node, and of all', () => {
  const open = createOpenInvokes()
  for (let n = 0; n < 256; n++) open.add(make())
  expect(() => open.checkRoom('n')).toThrow('too many invokes')
  expect(() => open.checkRoom('other')).not.toThrow()
  for (let n = 0; n < 20_000 - 256; n++) open.add(make(`n${n}`))
  expect(() => open.checkRoom('other')).toThrow('too many invokes')
})
