// Says in the protocol's words what a schema found wrong: "at /client/id: must be string". Clients show these texts,
// and some match on them; the wording is that of the gateway that they were made for.

import type * as z from 'zod'

type Issue = z.core.$ZodIssue

/** An answer does not grow with what is wrong in a request: this many faults are named, each in so many characters. */
const MAX_SAID = 20
const MAX_CHARS = 300

/** All issues in one line, missing members first, then unexpected ones. */
export function describeIssues(issues: readonly Issue[]): string {
  const said = issues.slice(0, 1000).flatMap((issue) => describeIssue(issue)).toSorted((a, b) => a.rank - b.rank)
  const lines = said.slice(0, MAX_SAID).map(({ text }) => (text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text))
  return (said.length > MAX_SAID ? [...lines, 'and more'] : lines).join('; ')
}

interface Said {
  readonly rank: number
  readonly text: string
}

function describeIssue(issue: Issue): Said[] {
  const path = issue.path
  if (isMissing(issue)) {
    const parent = path.slice(0, -1)
    return [{ rank: 0, text: `${at(parent)}must have required property '${String(path.at(-1))}'` }]
  }
  if (issue.code === 'unrecognized_keys') {
    const where = path.length === 0 ? 'at root: ' : at(path)
    return issue.keys.slice(0, MAX_SAID + 1).map((key) => ({ rank: 1, text: `${where}unexpected property '${key}'` }))
  }
  return [{ rank: 2, text: at(path) + demand(issue) }]
}

/** zod reports the value when asked to (`reportInput`); a member that is not there has none. */
const isMissing = (issue: Issue): boolean =>
  issue.path.length > 0 &&
  issue.input === undefined &&
  (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union')

const at = (path: readonly PropertyKey[]): string => (path.length === 0 ? '' : `at /${path.map(String).join('/')}: `)

function demand(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${issue.expected === 'int' ? 'integer' : issue.expected === 'record' ? 'object' : issue.expected}`
    case 'invalid_value':
      return issue.values.length === 1 ? 'must be equal to constant' : 'must be equal to one of the allowed values'
    case 'too_small':
      if (issue.origin === 'string') return `must not have fewer than ${issue.minimum} characters`
      if (issue.origin === 'array') return `must not have fewer than ${issue.minimum} items`
      return `must be ${issue.inclusive === false ? '>' : '>='} ${issue.minimum}`
    case 'too_big':
      if (issue.origin === 'string') return `must not have more than ${issue.maximum} characters`
      if (issue.origin === 'array') return `must not have more than ${issue.maximum} items`
      return `must be ${issue.inclusive === false ? '<' : '<='} ${issue.maximum}`
    case 'invalid_format':
      return issue.pattern ? `must match pattern "${issue.pattern}"` : `must match format "${issue.format}"`
    case 'invalid_union':
      return 'must match a schema in anyOf'
    default:
      return issue.message
  }
}
