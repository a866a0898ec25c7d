// Which tools may be called and which must, in all forms of tool_choice.

import { describe, expect, it } from 'vitest'
import { checkChoice, toChoice } from '../../src/http/openai-choice.ts'
import { chatRequest } from '../../src/protocol/openai.ts'
import type { Data } from '../harness/client.ts'

const tool = (name: string) => ({ type: 'function', function: { name } })
const of = (tool_choice: unknown, tools: readonly Data[] = [tool('one'), tool('two')]) =>
  chatRequest.parse({ model: 'm', messages: [{ role: 'user', content: 'x' }], tools, tool_choice })
const namesOf = (wanted: unknown) => toChoice(of(wanted)).tools.map(({ name }) => name)

describe('a choice', () => {
  it('of nothing leaves it to the model', () => {
    for (const wanted of [undefined, null, 'auto']) {
      expect(namesOf(wanted)).toEqual(['one', 'two'])
      expect(toChoice(of(wanted))).not.toHaveProperty('choice')
      expect(toChoice(of(wanted))).not.toHaveProperty('only')
    }
  })

  it('of none takes all tools away, the gateway’s too', () => {
    expect(toChoice(of('none'))).toEqual({ tools: [], only: [] })
  })

  it('of any, or of one, is the model’s to keep', () => {
    expect(toChoice(of('required'))).toMatchObject({ choice: 'required' })
    expect(toChoice(of(tool('two')))).toMatchObject({ choice: tool('two') })
    expect(namesOf(tool('two'))).toEqual(['one', 'two'])
  })

  it('of some is a limit on all tools', () => {
    const some = (mode: string | undefined) => ({ type: 'allowed_tools', allowed_tools: { mode, tools: [tool('two')] } })
    expect(toChoice(of(some('auto')))).toMatchObject({ tools: [{ name: 'two' }], only: ['two'] })
    expect(toChoice(of(some('auto')))).not.toHaveProperty('choice')
    expect(toChoice(of(some('required')))).toMatchObject({ tools: [{ name: 'two' }], choice: 'required' })
    expect(toChoice(of(some(undefined)))).not.toHaveProperty('choice')
  })

  it('of what is not there is refused', () => {
    const some = { type: 'allowed_tools', allowed_tools: { tools: [tool('one'), tool('three')] } }
    expect(() => checkChoice(of(some))).toThrow('names the function "three"')
    expect(() => checkChoice(of(tool('x'.repeat(1000))))).toThrow(/"x{100}"/)
    expect(() => checkChoice(of('required', []))).toThrow('"required" needs tools')
    for (const wanted of [null, 'none', 'auto', 'required', tool('one')]) expect(() => checkChoice(of(wanted))).not.toThrow()
  })

  it('in other forms is no choice', () => {
    for (const wanted of ['any', { type: 'custom', custom: { name: 'one' } }, { type: 'allowed_tools', allowed_tools: { tools: [] } }, { type: 'allowed_tools' }]) {
      expect(() => of(wanted)).toThrow()
    }
  })
})
