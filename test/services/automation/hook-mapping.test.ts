// From a call to what it means.

import { describe, expect, it } from 'vitest'
import { callsOf, findMapping, mappingsAt, render, valueAt, type HookCall } from '../../../src/services/automation/hook-mapping.ts'

const call = (changes: Partial<HookCall> = {}): HookCall => ({ path: 'deploy', headers: {}, query: {}, body: null, receivedAt: 1_800_000_000_000, ...changes })

describe('a mapping', () => {
  it('is found by its path, or by its id', () => {
    const mappings = [{ id: 'a' }, { id: 'b', match: { path: '/deploy/done/' } }, { id: 'deploy' }]
    expect(findMapping(mappings, call())?.id).toBe('deploy')
    expect(findMapping(mappings, call({ path: 'deploy/done' }))?.id).toBe('b')
    expect(findMapping(mappings, call({ path: 'b' }))).toBeNull()
    expect(findMapping(mappings, call({ path: '' }))).toBeNull()
    expect(mappingsAt(mappings, 'deploy').map(({ id }) => id)).toEqual(['deploy'])
  })

  it('that names no path takes any, where it says what else it takes', () => {
    const mappings = [{ id: 'ci', match: { source: 'ci' } }, { messageTemplate: 'rest' }]
    expect(findMapping(mappings, call({ body: { source: 'ci' } }))).toBe(mappings[0])
    expect(findMapping(mappings, call({ body: { source: 'other' } }))).toBe(mappings[1])
    expect(mappingsAt(mappings, 'x')).toEqual(mappings)
    expect(mappingsAt(mappings, '')).toEqual([])
  })

  it('is the first whose conditions hold', () => {
    const on = (id: string, match: object) => ({ id, match: { path: 'deploy', ...match } })
    const mappings = [
      on('header', { headers: { 'X-Event': 'push' } }),
      on('any', { headers: { 'x-key': '*' } }),
      on('body', { body: { 'repo.name': 'claw', 'list[1].n': 2, ok: true } }),
      on('rest', {}),
    ]
    const found = (changes: Partial<HookCall>) => findMapping(mappings, call(changes))?.id
    expect(found({ headers: { 'x-event': 'push' } })).toBe('header')
    expect(found({ headers: { 'x-event': 'pushed', 'x-key': '' } })).toBe('any')
    expect(found({ body: { repo: { name: 'claw' }, list: [{}, { n: 2 }], ok: true } })).toBe('body')
    expect(found({ body: { repo: { name: 'claw' }, list: [{}, { n: '2' }], ok: true } })).toBe('rest')
  })
})

describe('a value', () => {
  it.each([
    ['a.b', 1],
    ['a', { b: 1, list: [{ c: 'x' }] }],
    ['a.list[0].c', 'x'],
    ['a.list.0.c', 'x'],
    ['a.list.length', 1],
    ['nothing', undefined],
    ['a.b.c', undefined],
    ['__proto__', undefined],
    ['a.constructor.name', undefined],
    ['toString', undefined],
  ])('at %s', (path, expected) => expect(valueAt({ a: { b: 1, list: [{ c: 'x' }] } }, path)).toEqual(expected))

  it('of what is no object is nothing', () => {
    for (const root of [null, undefined, 5, 'text']) expect(valueAt(root, 'a')).toBeUndefined()
  })
})

describe('a template', () => {
  const given = call({ headers: { 'x-event': 'push' }, query: { id: '7' }, body: { title: 'Hi', n: 0, user: { name: 'Ann' }, text: '{{body.title}}', nothing: null } })

  it.each([
    ['plain', 'plain'],
    ['{{title}} by {{ body.user.name }}', 'Hi by Ann'],
    ['{{payload.n}}', '0'],
    ['{{headers.X-Event}}/{{query.id}}/{{path}}', 'push/7/deploy'],
    ['{{user}}', '{"name":"Ann"}'],
    ['{{now}}', '2027-01-15T08:00:00.000Z'],
    ['[{{missing}}{{nothing}}{{headers.x}}{{query.y}}]', '[]'],
    ['{{text}}', '{{body.title}}'],
    ['{{ }} {{}} {x} {{a b}}', '{{ }} {{}} {x} {{a b}}'],
    ['{{__proto__}}{{constructor}}{{headers.__proto__}}{{query.constructor}}', ''],
  ])('%s becomes %s', (template, expected) => expect(render(template, given)).toBe(expected))

  it('has an end', () => {
    const body = { long: 'x'.repeat(50_000) }
    expect(render('{{long}}', call({ body }))).toHaveLength(20_000)
    expect(render('{{long}}'.repeat(10), call({ body }))).toHaveLength(100_000)
  })
})

describe('values', () => {
  const values = {
    who: { from: 'user.login', map: { ann: 'Ann', bob: 'Bob' }, default: 'somebody' },
    what: { from: 'action', map: { opened: 'new' } },
    where: { from: 'body.place', default: 'nowhere' },
    header: { from: 'headers.x-event' },
    loop: { from: 'values.loop' },
  }
  it.each([
    [{ user: { login: 'ann' }, action: 'opened', place: 'here' }, 'Ann new here'],
    [{ user: { login: 'eve' }, action: 'closed' }, 'somebody closed nowhere'],
    [{ user: { login: 'constructor' }, action: '__proto__' }, 'somebody __proto__ nowhere'],
    [{}, 'somebody  nowhere'],
  ])('of %j', (body, expected) => expect(render('{{values.who}} {{values.what}} {{values.where}}', call({ body }), values)).toBe(expected))

  it('come from anywhere in the call, and from no other value', () => {
    expect(render('{{values.header}}|{{values.loop}}|{{values.none}}|{{values.toString}}', call({ headers: { 'x-event': 'push' } }), values)).toBe('push|||')
  })
})

describe('a list', () => {
  const mapping = { id: 'm', forEach: 'list' }
  it('is carried out item by item', () => {
    const calls = callsOf(mapping, call({ body: { list: ['a', { b: 1 }], more: 1 } }))
    expect(calls.map(({ body }) => body)).toEqual([{ list: ['a'], more: 1 }, { list: [{ b: 1 }], more: 1 }])
    expect(callsOf({ id: 'm' }, call())).toHaveLength(1)
  })

  it('that is none, or empty, is nothing', () => {
    for (const body of [null, 'x', {}, { list: [] }, { list: { length: 5 } }, { list: 'ab' }]) expect(callsOf(mapping, call({ body }))).toEqual([])
    expect(callsOf({ id: 'm', forEach: '__proto__' }, call({ body: { a: 1 } }))).toEqual([])
  })

  it('has an end', () => {
    expect(callsOf(mapping, call({ body: { list: Array.from({ length: 500 }, () => 1) } }))).toHaveLength(200)
  })
})
