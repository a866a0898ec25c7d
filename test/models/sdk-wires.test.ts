// The vendors of the AI SDK: names that do not touch, and libraries that are loaded when they are first used only.

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openaiCompatible } from '../../src/models/openai-compatible.ts'
import { SDK_WIRES, sdkProviders } from '../../src/models/sdk-wires.ts'

it('has no two wires of one name', () => {
  const names = [openaiCompatible, ...SDK_WIRES].flatMap(({ api, aliases = [] }) => [api, ...aliases])
  expect(new Set(names).size).toBe(names.length)
})

it('names no library but by type, or when it is used', () => {
  const sources = globSync('src/**/*.ts', { cwd: new URL('../..', import.meta.url).pathname })
  const wrong = sources.filter((path) => /^(?:import|export) (?!type\b)[^\n]*from '@ai-sdk\//m.test(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')))
  expect(sources.length).toBeGreaterThan(100)
  expect(wrong).toEqual([])
})

it('reaches each vendor over https at its own address', () => {
  const told = { region: 'eu-north-1', resourceName: 'my-team' }
  for (const { api, defaultBaseUrl } of sdkProviders()) expect(defaultBaseUrl!(told), api).toMatch(/^https:\/\/[a-z0-9.-]+(\/|$)/)
})

it.each([[{ region: 'x.evil.test/' }, 'bedrock-converse-stream'], [{ resourceName: 'x.evil.test/' }, 'azure-openai-responses'], [{}, 'bedrock-converse-stream']])('makes no address out of %j', (options, api) => {
  expect(SDK_WIRES.find((wire) => wire.api === api)!.defaultBaseUrl!(options)).toBeNull()
})

it.each([
  ['anthropic-messages', 'https://api.anthropic.com', 'https://api.anthropic.com/v1'],
  ['anthropic-messages', 'https://proxy.test/v1', 'https://proxy.test/v1'],
  ['google-generative-ai', 'https://generativelanguage.googleapis.com', 'https://generativelanguage.googleapis.com/v1beta'],
  ['google-generative-ai', 'https://proxy.test/v1', 'https://proxy.test/v1'],
  ['mistral-conversations', 'https://api.mistral.ai', 'https://api.mistral.ai/v1'],
])('takes the address of %s with and without its version: %s', (api, given, used) => {
  expect(SDK_WIRES.find((wire) => wire.api === api)!.toBaseUrl!(given)).toBe(used)
})
