// From text to a checked configuration, or to what is wrong with it; and what of it may be shown.

import { describe, expect, it } from 'vitest'
import { parseConfig, redact, REDACTED, type ParsedConfig } from '../../../src/services/operations/config-parse.ts'

const parse = (value: unknown, env: Record<string, string> = {}) => parseConfig(typeof value === 'string' ? value : JSON.stringify(value), env)
const issuesOf = (parsed: ParsedConfig) => (parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path}: ${message}`))
const configOf = (parsed: ParsedConfig) => (parsed.ok ? parsed.config : issuesOf(parsed))

describe('the text', () => {
  it('is JSON5', () => {
    const text = `// what a person writes\n{ gateway: { 'port': 0x4965, /* here */ auth: { token: 'it\\'s', }, }, }`
    expect(configOf(parse(text))).toEqual({ gateway: { port: 18789, auth: { token: "it's" } } })
  })

  it.each(['', '{', '{ gateway: }', '{} {}', '{ a: 1 b: 2 }'])('that is not says where and what to do: %j', (text) => {
    expect(issuesOf(parse(text))).toEqual([expect.stringMatching(/^: is not JSON5: JSON5: .* — mend the syntax, or restore the last copy$/)])
  })

  it.each(['null', '[]', '"text"', '5', 'true'])('must be an object: %s', (text) => {
    expect(issuesOf(parse(text))).toEqual([': must be an object — wrap the settings in { }'])
  })
})

describe('a wrong value', () => {
  it.each([
    [{ gateway: { port: 0 } }, 'gateway.port: must be >= 1 — use a number from 1 to 65535, such as 18789'],
    [{ gateway: { port: 65_536 } }, 'gateway.port: must be <= 65535 — use a number from 1 to 65535, such as 18789'],
    [{ gateway: { port: '18789' } }, 'gateway.port: must be number — use a number from 1 to 65535, such as 18789'],
    [{ gateway: { port: 80.5 } }, 'gateway.port: must be integer — use a number from 1 to 65535, such as 18789'],
    [{ gateway: { bind: 'everywhere' } }, /^gateway\.bind: must be equal to one of the allowed values — use "loopback"/],
    [{ gateway: { auth: { mode: 'sesame' } } }, /^gateway\.auth\.mode: must be equal to one of the allowed values — use "token"/],
    [{ gateway: { mode: 'neither' } }, /^gateway\.mode: .* — use "local"/],
    [{ gateway: { maxPayloadBytes: 65_535 } }, 'gateway.maxPayloadBytes: must be >= 65536 — use 65536 to 104857600; 26214400 is the default'],
    [{ gateway: { maxPayloadBytes: 104_857_601 } }, /^gateway\.maxPayloadBytes: must be <= 104857600 — use/],
    [{ agents: { defaults: { model: 5 } } }, 'agents.defaults.model: must match a schema in anyOf — use "provider/model", such as "openai/gpt-5.5"'],
    [{ models: { providers: { local: { baseUrl: 'ftp://host' } } } }, /^models\.providers\.local\.baseUrl: .* — use the address up to \/v1/],
    [{ logging: { level: 'loud' } }, /^logging\.level: .* — use "error", "warn", "info" or "debug"/],
    [{ gateway: [] }, 'gateway: must be object'],
    [{ gateway: { auth: { token: '' } } }, 'gateway.auth.token: must not have fewer than 1 characters'],
    [{ agents: { list: [{ id: 'main' }, { id: 'Not An Id' }] } }, /^agents\.list\.1\.id: must match pattern/],
    [{ agents: { list: [{ name: 'x' }] } }, 'agents.list.0.id: is missing'],
    [{ agents: { entries: { 'Not An Id': {} } } }, /^agents\.entries/],
  ])('%j is named with its path and the way out', (value, said) => {
    expect(issuesOf(parse(value))).toEqual([typeof said === 'string' ? said : expect.stringMatching(said)])
  })

  it('that is not there is named by its key', () => {
    expect(issuesOf(parse({ models: { providers: { x: { models: [{ name: 'y' }] } } } }))).toEqual(['models.providers.x.models.0.id: is missing'])
  })

  it('does not hide the others', () => {
    const parsed = parse({ gateway: { port: 0, bind: 'x' }, logging: { level: 'x' } })
    expect(parsed.ok ? [] : parsed.issues.map(({ path }) => path)).toEqual(['gateway.port', 'gateway.bind', 'logging.level'])
  })
})

describe('variables of the environment', () => {
  const env = { KEY: 'sk-1', HOST_2: 'host', _X: 'x', EMPTY: '', NESTED: '${KEY}' }

  it.each([
    ['${KEY}', 'sk-1'],
    ['https://${HOST_2}/${_X}/v1', 'https://host/x/v1'],
    ['$${KEY}', '${KEY}'],
    ['$${KEY} is ${KEY}', '${KEY} is sk-1'],
    ['${NESTED}', '${KEY}'],
    ['$KEY', '$KEY'],
    ['${key}', '${key}'],
    ['${}', '${}'],
    ['${1KEY}', '${1KEY}'],
  ])('%s becomes %s', (text, value) => {
    expect(configOf(parse({ session: { mainKey: text } }, env))).toEqual({ session: { mainKey: value } })
  })

  it('are filled in wherever a text is, and in no key', () => {
    const agents = { list: [{ id: 'main', systemPrompt: 'On ${HOST_2}' }] }
    expect(configOf(parse({ agents, custom: { '${KEY}': ['${KEY}', 5, true, null] } }, env))).toEqual({
      agents: { list: [{ id: 'main', systemPrompt: 'On host' }] },
      custom: { '${KEY}': ['sk-1', 5, true, null] },
    })
  })

  it.each(['MISSING', 'EMPTY'])('that are not there are named with the path: %s', (name) => {
    expect(issuesOf(parse({ models: { providers: { openai: { apiKey: `\${${name}}` } } } }, env))).toEqual([
      `models.providers.openai.apiKey: needs the environment variable ${name} — set it, or write the value here`,
    ])
  })

  it('keep the text as it was written in the source', () => {
    const parsed = parse({ session: { mainKey: '${KEY}' } }, env)
    expect(parsed.source).toEqual({ session: { mainKey: '${KEY}' } })
  })
})

describe('references to secrets', () => {
  const withToken = (token: unknown, env = {}) => parse({ gateway: { auth: { token } } }, env)

  it('are variables of the environment in their long form', () => {
    expect(configOf(withToken({ source: 'env', id: 'KEY' }, { KEY: 'sk-1' }))).toEqual({ gateway: { auth: { token: 'sk-1' } } })
    expect(configOf(withToken({ source: 'env', id: 'gw_token' }, { gw_token: '${KEY}' }))).toEqual({ gateway: { auth: { token: '${KEY}' } } })
    expect(configOf(withToken({ source: 'env', provider: 'default', id: 'KEY' }, { KEY: 'sk-1' }))).toEqual({ gateway: { auth: { token: 'sk-1' } } })
  })

  it('name what is missing', () => {
    expect(issuesOf(withToken({ source: 'env', id: 'KEY' }))).toEqual(['gateway.auth.token: needs the environment variable KEY — set it, or write the value here'])
  })

  it.each(['file', 'exec'])('are refused with another source: %s', (source) => {
    expect(issuesOf(withToken({ source, id: '/run/secret' }))).toEqual([
      `gateway.auth.token: takes secrets from the environment only, not from "${source}" — use {source: "env", id: "NAME"}`,
    ])
  })

  it('never become a text that anybody could guess', () => {
    for (const id of ['gateway_token', 'Key', '1KEY', 'A-B', '', 'constructor', '__proto__']) {
      const parsed = withToken({ source: 'env', id }, { gateway_token: 'sk-1', Key: 'sk-2' })
      const token = parsed.ok ? parsed.config.gateway?.auth?.token : undefined
      expect(token ?? '', id).not.toContain('${')
    }
  })

  it('are not seen in objects that only look a little like them', () => {
    const custom = [{ source: 'manual', id: 'x' }, { source: 'env' }, { id: 'KEY' }, { source: 5, id: 'KEY' }]
    expect(configOf(parse({ custom }))).toEqual({ custom })
  })
})

describe('keys', () => {
  it.each(['__proto__', 'constructor', 'prototype'])('that would reach the prototype are refused, at any depth: %s', (key) => {
    expect(issuesOf(parse(`{"${key}": {"admin": true}}`))).toEqual([`${key}: is not allowed as a key — remove it`])
    expect(issuesOf(parse(`{"custom": [{"${key}": 1}]}`))).toEqual([`custom.0.${key}: is not allowed as a key — remove it`])
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  it('that would read another file are refused', () => {
    expect(issuesOf(parse({ agents: { $include: './agents.json5' } }))).toEqual(['agents.$include: is not supported — put the content of the file here'])
  })

  it('of nobody are kept; unknown sections are named, those of others are not', () => {
    const parsed = parse({ $schema: 'x', channels: { telegram: {} }, gatway: { port: 1 }, gateway: { nonsense: 1 }, Logging: {} })
    expect(configOf(parsed)).toMatchObject({ gatway: { port: 1 }, gateway: { nonsense: 1 }, channels: { telegram: {} } })
    expect(parsed.ok && parsed.warnings).toEqual([
      { path: 'gatway', message: 'is not a known section; it is kept and has no effect' },
      { path: 'Logging', message: 'is not a known section; it is kept and has no effect' },
    ])
  })
})

describe('what is shown', () => {
  it.each([
    'token', 'botToken', 'accessTokens', 'password', 'passwd', 'secret', 'clientSecret', 'apiKey', 'apikeys', 'api_key', 'OPENAI_API_KEY',
    'privateKey', 'private_key', 'credential', 'credentials', 'signingKey', 'webhookKey', 'TOKEN', 'GatewayPassword',
  ])('hides %s', (key) => {
    expect(redact({ a: [{ [key]: 'sk-1' }] })).toEqual({ a: [{ [key]: REDACTED }] })
  }) // prettier-ignore

  it.each(['tokenizer', 'tokenLimit', 'secretary', 'passwordless', 'key', 'keyboard', 'mainKey', 'author', 'baseUrl'])('shows %s', (key) => {
    expect(redact({ [key]: 'value' })).toEqual({ [key]: 'value' })
  })

  it('hides each text of a list of secrets', () => {
    expect(redact({ apiKeys: ['sk-1', 'sk-2'], names: ['a'] })).toEqual({ apiKeys: [REDACTED, REDACTED], names: ['a'] })
  })

  it('hides every value of headers and variables', () => {
    const value = { headers: { 'X-Whatever': 'sk-1' }, vars: { ANY: 'sk-2' } }
    expect(redact({ models: { providers: { x: value } } })).toEqual({
      models: { providers: { x: { headers: { 'X-Whatever': REDACTED }, vars: { ANY: REDACTED } } } },
    })
  })

  it('hides every value of an environment that is handed on', () => {
    const shown = JSON.stringify(redact({ env: { AWS_SECRET_ACCESS_KEY: 'aws-1' }, mcp: { servers: { x: { command: 'npx', env: { DATABASE_URL: 'db-1' } } } } }))
    expect(shown).toContain('npx')
    expect(shown).not.toMatch(/aws-1|db-1/)
  })

  it('hides a secret wherever its value is repeated', () => {
    const provider = { apiKey: 'sk-1234567890', baseUrl: 'https://host.example/sk-1234567890/v1' }
    expect(JSON.stringify(redact({ models: { providers: { x: provider } } }))).not.toContain('sk-1234567890')
  })

  it('hides the longest secret first, and no short word', () => {
    const value = { token: 'abcdef', secret: 'abcdefghij', password: 'main', text: 'abcdefghij abcdef main' }
    expect(redact(value)).toEqual({ token: REDACTED, secret: REDACTED, password: REDACTED, text: `${REDACTED} ${REDACTED} main` })
  })

  it.each(['AWS_SECRET_ACCESS_KEY', 'secretAccessKey', 'accessKey', 'DATABASE_URL', 'databaseUrl', 'connectionString', 'connection_string'])('hides %s anywhere', (key) => {
    expect(redact({ plugin: { [key]: 'sk-1' } })).toEqual({ plugin: { [key]: REDACTED } })
  })

  it.each([
    ['https://user:pass@host.example/v1', `https://${REDACTED}@host.example/v1`],
    ['https://ghp_abc@github.example', `https://${REDACTED}@github.example`],
    ['postgres://me:p@ss@db:5432/x?a=b@c', `postgres://${REDACTED}@db:5432/x?a=b@c`],
    ['from redis+tls://:pw@cache to https://plain.example/@me', `from redis+tls://${REDACTED}@cache to https://plain.example/@me`],
    ['me@host.example', 'me@host.example'],
    ['https://host.example/path', 'https://host.example/path'],
  ])('hides who calls in a URL: %s', (text, shown) => {
    expect(redact({ list: [text] })).toEqual({ list: [shown] })
  })

  it('hides variables of an environment in an environment', () => {
    const env = { vars: { ANY: 'sk-1' }, LIST: ['sk-2'], shellEnv: { enabled: true, timeoutMs: 5 } }
    expect(redact({ env })).toEqual({ env: { vars: { ANY: REDACTED }, LIST: [REDACTED], shellEnv: { enabled: true, timeoutMs: 5 } } })
  })

  it('shows that there is none, and what is no text', () => {
    const value = { token: '', maxTokens: 5, tokens: 7, password: null, secret: true, apiKey: { source: 'env', id: 'KEY' } }
    expect(redact(value)).toEqual(value)
  })

  it('leaves the value itself as it is', () => {
    const value = { a: { token: 'sk-1' } }
    redact(value)
    expect(value).toEqual({ a: { token: 'sk-1' } })
  })
})
