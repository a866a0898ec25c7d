// Scopes: what implies what, and the one decision.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorize, covers, expandScopes, isScope, ROLES, SCOPES, type Principal, type Scope } from '../../src/protocol/scopes.ts'

const scope = fc.constantFrom(...SCOPES)
const scopes = fc.uniqueArray(scope)

const principal = (role: Principal['role'], granted: readonly Scope[]): Principal => ({ id: 'p', role, scopes: expandScopes(granted) })

describe('scopes', () => {
  it('imply what they imply, and nothing else', () => {
    expect([...expandScopes(['operator.admin'])].toSorted()).toEqual([...SCOPES].toSorted())
    expect([...expandScopes(['operator.write'])].toSorted()).toEqual(['operator.read', 'operator.talk', 'operator.write'])
    for (const single of SCOPES) {
      if (single === 'operator.admin' || single === 'operator.write') continue
      expect([...expandScopes([single])]).toEqual([single])
    }
    expect(expandScopes([]).size).toBe(0)
  })

  it('grow when more is granted, hold what was granted, and are complete at once', () => {
    fc.assert(
      fc.property(scopes, scopes, (some, more) => {
        const expanded = expandScopes(some)
        expect(covers(expanded, some)).toBe(true)
        expect(covers(expandScopes([...some, ...more]), [...expanded])).toBe(true)
        expect(expandScopes([...expanded])).toEqual(expanded)
      }),
    )
  })

  it('never bring admin, pairing, approvals or secrets by themselves', () => {
    const guarded: readonly Scope[] = ['operator.admin', 'operator.pairing', 'operator.approvals', 'operator.questions', 'operator.talk.secrets']
    fc.assert(
      fc.property(scopes, (granted) => {
        fc.pre(!granted.includes('operator.admin'))
        for (const each of guarded) expect(expandScopes(granted).has(each)).toBe(granted.includes(each))
      }),
    )
  })

  it('are told from other words', () => {
    for (const each of SCOPES) expect(isScope(each)).toBe(true)
    for (const word of ['', 'operator', 'operator.', 'OPERATOR.READ', 'operator.read ', 'toString']) expect(isScope(word), word).toBe(false)
  })

  it('cover only what is there', () => {
    expect(covers(new Set(), [])).toBe(true)
    expect(covers(new Set<Scope>(['operator.read']), ['operator.read', 'operator.write'])).toBe(false)
  })
})

describe('authorize', () => {
  it('lets an operator do what one of its scopes allows, and names the one that is missing', () => {
    fc.assert(
      fc.property(scopes, scope, (granted, needed) => {
        const denial = authorize(principal('operator', granted), { role: 'operator', scope: needed })
        expect(denial).toEqual(expandScopes(granted).has(needed) ? null : { reason: 'scope', missing: needed })
      }),
    )
  })

  it('keeps the roles apart, whatever the scopes', () => {
    fc.assert(
      fc.property(scopes, fc.constantFrom(...ROLES), fc.constantFrom(...ROLES), fc.option(scope), (granted, role, needed, required) => {
        fc.pre(role !== needed)
        expect(authorize(principal(role, granted), { role: needed, scope: required })).toEqual({ reason: 'role' })
      }),
    )
  })

  it('asks a node for no scope', () => {
    for (const role of ['node', 'any'] as const) expect(authorize(principal('node', []), { role, scope: 'operator.admin' })).toBeNull()
  })

  it('lets anybody of the role do what needs no scope', () => {
    for (const role of ROLES) expect(authorize(principal(role, []), { role: 'any', scope: null })).toBeNull()
    expect(authorize(principal('operator', []), { role: 'operator', scope: null })).toBeNull()
  })
})
