// What a path of the HTTP door is to those outside: who may use it, what goes in, and what comes back. The documents follow
// from it; a test holds the list against what is mounted.

import type * as z from 'zod'
import type { Scope } from '../protocol/scopes.ts'

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'

/** A body: a shape of JSON, or only what kind of bytes it is. */
export type Content = z.ZodType | null
export type Contents = Readonly<Record<string, Content>>

export interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly says: string
  readonly required?: boolean
  readonly values?: readonly string[]
}

export interface Answer {
  readonly says: string
  /** Absent: no body. */
  readonly content?: Contents
}

/** What lets a request in: the bearer of a scope, something of its own that is said in words, or nothing. */
export type Entry = Scope | null | { readonly own: string }

export interface Route {
  readonly verb: Verb
  /** As Hono has it: `/v1/responses/:id`. */
  readonly path: string
  /** Where it is in the end, the configuration says: it is no path of the router. */
  readonly configured?: true
  readonly tag: string
  readonly id: string
  readonly entry: Entry
  readonly summary: string
  /** More than the summary, where there is more. */
  readonly text?: string
  readonly params?: Readonly<Record<string, Parameter>>
  readonly body?: Contents
  readonly answers: Readonly<Record<number, Answer>>
}

export const JSON_TYPE = 'application/json'
export const EVENT_STREAM = 'text/event-stream'
