// Stored responses: written in the transaction in which their run ends, read, continued and deleted by whoever asked
// for them. What one continues is the whole conversation before it, which is put together here.

import { GatewayError } from '../../protocol/errors.ts'
import type { ResponseObject } from '../../protocol/responses-object.ts'
import type { Commit } from '../../store/commit.ts'
import type { RunResult } from './run-table.ts'
import type { ResponseTable, StoredItem } from './responses-table.ts'
import type { Runs } from './runs.ts'

/** What there is to store of a response. */
export interface NewResponse {
  readonly owner: string
  readonly sessionKey: string
  readonly response: ResponseObject
  /** The stored response that it continues. */
  readonly previousId: string | null
  /** What is new since then; all of it when it continues none that is stored. */
  readonly input: readonly StoredItem[]
}

/** A conversation up to and including a response. */
export interface Continued {
  readonly id: string
  readonly sessionKey: string
  readonly items: readonly StoredItem[]
}

export interface ItemPage {
  readonly items: readonly StoredItem[]
  readonly hasMore: boolean
}

export interface Responses {
  /** null: there is none, or it is somebody else's. */
  get(id: string, owner: string): ResponseObject | null
  /** null: as `get`, or something before it is gone. Throws when it is longer than anything that can be asked about. */
  continue(id: string, owner: string): Continued | null
  item(itemId: string, owner: string): StoredItem | null
  /** null: as `get`. Throws when there is no item `after`. */
  inputItems(id: string, owner: string, page: { readonly limit: number; readonly after: string | null; readonly newestFirst: boolean }): ItemPage | null
  /** Whether there was one. */
  delete(id: string, owner: string): boolean
  /** Stores what `build` makes of the result when the run ends, in the same transaction; null: nothing. */
  expect(runId: string, build: (result: RunResult) => NewResponse | null): void
  /** Nothing is to be stored of this run after all. */
  forget(runId: string): void
  /** Stores one that no run was needed for. */
  put(stored: NewResponse): void
}

/** Of one conversation: responses, and characters of all their items. */
const MAX_RESPONSES = 2000
const MAX_CHARS = 32 * 1024 * 1024

export function createResponses(deps: { table: ResponseTable; runs: Pick<Runs, 'onEnded'>; commit: Commit }): Responses {
  const { table, commit } = deps
  /** As many as there are runs in the works. */
  const expected = new Map<string, (result: RunResult) => NewResponse | null>()

  const ofOwner = (id: string, owner: string) => {
    const row = table.get(id)
    return row?.owner === owner ? row : null
  }

  function store({ owner, sessionKey, previousId, response, input }: NewResponse): void {
    const { output, ...head } = response
    const { id } = response
    const thread = (previousId === null ? null : table.get(previousId)?.thread) ?? id
    const row = { id, owner, sessionKey, previousId, thread, createdAt: response.created_at * 1000 }
    table.put(row, JSON.stringify(head), input, output)
  }

  deps.runs.onEnded(({ request, result }) => {
    const build = expected.get(request.runId)
    const stored = build?.(result)
    if (stored) store(stored)
  })

  function chainOf(id: string, owner: string): readonly string[] | null {
    const chain: string[] = []
    let chars = 0
    for (let at: string | null = id; at !== null; ) {
      const row = ofOwner(at, owner)
      if (!row) return null
      chars += table.size(at)
      if (chars > MAX_CHARS || chain.length >= MAX_RESPONSES) throw tooLong()
      chain.unshift(at)
      at = row.previousId
    }
    return chain
  }

  return {
    get(id, owner) {
      if (!ofOwner(id, owner)) return null
      const head = JSON.parse(table.head(id)) as Omit<ResponseObject, 'output'>
      return { ...head, output: table.items(id, 'output') as ResponseObject['output'] }
    },
    continue(id, owner) {
      const chain = chainOf(id, owner)
      if (!chain) return null
      const items = chain.flatMap((each) => [...table.items(each, 'input'), ...table.items(each, 'output')])
      return { id, sessionKey: table.get(id)!.sessionKey, items }
    },
    item: (itemId, owner) => table.item(itemId, owner),
    inputItems(id, owner, { limit, after, newestFirst }) {
      if (!ofOwner(id, owner)) return null
      const items = table.items(id, 'input')
      if (newestFirst) items.reverse()
      const from = after === null ? 0 : items.findIndex((item) => item.id === after) + 1
      if (after !== null && from === 0) throw unknownAfter(after)
      return { items: items.slice(from, from + limit), hasMore: items.length > from + limit }
    },
    delete(id, owner) {
      if (!ofOwner(id, owner)) return false
      commit.tx(() => table.delete(id))
      return true
    },
    expect: (runId, build) => void expected.set(runId, build),
    forget: (runId) => void expected.delete(runId),
    put: (stored) => commit.tx(() => store(stored)),
  }
}

const tooLong = () =>
  new GatewayError('INVALID_REQUEST', 'the conversation before this is too long to be continued: compact it with POST /v1/responses/compact, and go on with what that gives', {
    param: 'previous_response_id',
    code: 'context_length_exceeded',
  })

const unknownAfter = (after: string) =>
  new GatewayError('INVALID_REQUEST', `there is no input item "${after.slice(0, 200)}" in this response: leave \`after\` out, or take an id of the page before`, {
    param: 'after',
  })
