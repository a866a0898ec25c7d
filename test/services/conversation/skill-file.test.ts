// What the file of a skill says.

import { describe, expect, it } from 'vitest'
import { parseSkillFile } from '../../../src/services/conversation/skill-file.ts'

const file = (head: string) => parseSkillFile(`---\n${head}\n---\n# How\n`, 'folder')

const NO_NEEDS = { bins: [], anyBins: [], env: [], config: [], os: [] }

it('says the least', () => {
  expect(file('description: Does it.')).toEqual({
    name: 'folder',
    description: 'Does it.',
    skillKey: 'folder',
    always: false,
    userInvocable: true,
    modelInvocable: true,
    needs: NO_NEEDS,
    install: [],
  })
})

it('says all of it', () => {
  const metadata = JSON.stringify({
    openclaw: {
      emoji: '📧',
      homepage: 'https://own.example',
      skillKey: 'key',
      primaryEnv: 'KEY',
      always: true,
      os: ['linux', 'darwin'],
      requires: { bins: ['a'], anyBins: ['b', 'c'], env: ['KEY'], config: ['x.y'] },
      install: [{ id: 'brew', kind: 'brew', label: 'Install a', bins: ['a'], formula: 'a' }, { kind: 'apt' }],
    },
  })
  expect(file(`name: mail\ndescription: Does it.\nhomepage: https://head.example\nuser-invocable: false\ndisable-model-invocation: true\nmetadata: ${metadata}`)).toEqual({
    name: 'mail',
    description: 'Does it.',
    skillKey: 'key',
    emoji: '📧',
    homepage: 'https://own.example',
    primaryEnv: 'KEY',
    always: true,
    userInvocable: false,
    modelInvocable: false,
    needs: { bins: ['a'], anyBins: ['b', 'c'], env: ['KEY'], config: ['x.y'], os: ['linux', 'darwin'] },
    install: [
      { id: 'brew', kind: 'brew', label: 'Install a', bins: ['a'] },
      { id: 'apt', kind: 'apt', label: 'Install with apt', bins: [] },
    ],
  })
})

describe('what does not fit', () => {
  it.each(['name: x', 'description:', 'description: 7', 'description: ""'])('makes it no skill: %s', (head) => {
    expect(file(head)).toBeNull()
  })

  it('makes it no skill when there is no head', () => {
    expect(parseSkillFile('# How', 'folder')).toBeNull()
  })

  it.each(['metadata: 7', 'metadata: "{"', 'metadata: {openclaw: 7}', "metadata: {openclaw: {requires: 7, os: {}, install: 'x', emoji: 7, always: 'yes'}}", "metadata: {openclaw: {requires: {bins: [7, '']}}}"])('is left out: %s', (metadata) => {
    expect(file(`description: x\n${metadata}`)).toMatchObject({ needs: NO_NEEDS, install: [], always: false })
  })

  it('is cut', () => {
    expect(file(`name: ${'n'.repeat(100)}\ndescription: ${'d'.repeat(2000)}`)).toMatchObject({ name: 'n'.repeat(64), description: 'd'.repeat(1024) })
  })
})

it('takes one word for a list of one, and metadata as a text', () => {
  expect(file(`description: x\nmetadata: '{"openclaw":{"requires":{"bins":"a"},"os":"linux"}}'`)?.needs).toEqual({ ...NO_NEEDS, bins: ['a'], os: ['linux'] })
})
