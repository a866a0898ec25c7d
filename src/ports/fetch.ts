// Requests to the outside.

/** The upstream transport: the part of `fetch` that is used towards models and vendors. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string | Uint8Array<ArrayBuffer>
    readonly signal: AbortSignal
    /** An answer that leads elsewhere is the answer. Where it is not said, a runtime may follow it. */
    readonly redirect?: 'manual'
  },
) => Promise<FetchResponse>

export interface FetchResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array> | null
  text(): Promise<string>
}
