// The model that the runs of jobs ask, outside of the gateway: takes its time, fails now and then, and remembers who has
// asked, so that a run that began twice is seen from here.

import { setTimeout as pause } from 'node:timers/promises'
import type { Data } from '../harness/client.ts'
import { startUpstream, type Exchange } from '../harness/upstream.ts'
import { drawFailure, drawSpan } from '../services/automation/job-mix.ts'
import type { Random } from './random.ts'

/** One start of a run, as the model has heard of it. */
export interface Heard {
  /** What the job is called. */
  readonly job: string
  /** When the gateway began the run, by its own clock. */
  readonly at: number
}

/** A run as the gateway has kept it; `end` is null for one that has not ended. */
export interface KeptRun {
  readonly job: string
  readonly begin: number
  readonly end: number | null
}

export interface JobModel {
  /** What the gateway is configured with. */
  readonly config: Data
  readonly heard: readonly Heard[]
  close(): Promise<void>
}

const MODEL = 'worker'
/** Longer than any turn takes, so that it is the limit of the run that ends one. */
const SILENCE_SECONDS = 60 * 60

/** `shrink`: how long a span of the gateway's time really takes. */
export async function startJobModel(random: Random, shrink: (ms: number) => number): Promise<JobModel> {
  const upstream = await startUpstream()
  const heard: Heard[] = []

  async function play({ body, answer, fail, gone }: Exchange) {
    const job = jobIn(body)
    if (job === null) return answer('HEARTBEAT_OK')
    heard.push({ job, at: beginIn(body) })
    const [span, fails] = [drawSpan(random), drawFailure(random)]
    if (await Promise.race([pause(shrink(span), false), gone.then(() => true)])) return
    if (fails) fail(400) // a failure that nobody tries again
    else answer('done')
  }

  upstream.on(MODEL, play)
  const provider = { baseUrl: upstream.baseUrl, apiKey: 'sk-of-the-jobs', timeoutSeconds: SILENCE_SECONDS, models: [{ id: MODEL }] }
  return {
    config: {
      agents: { defaults: { model: `jobs/${MODEL}` } },
      models: { providers: { jobs: provider } },
      tools: { profile: 'minimal' }, // this model calls none
    },
    heard,
    close: () => upstream.close(),
  }
}

/** The job whose message it is; null for a heartbeat. */
function jobIn({ messages }: Data): string | null {
  const last = (messages as Data[]).findLast(({ role }) => role === 'user')
  return /^job \d+$/.exec(last.content as string)?.[0] ?? null
}

/** Each run of a job is told what time it is. */
function beginIn({ messages }: Data): number {
  const [system] = messages as Data[]
  return Date.parse(/ It is (\S+Z)\./.exec(system.content as string)![1]!)
}

/** How many starts there were beyond one for each run. No two runs of a job are under way at once. */
export function countExcess(heard: readonly Heard[], runs: readonly KeptRun[]): number {
  const left = Map.groupBy(heard.toSorted((a, b) => a.at - b.at), ({ job }) => job)
  for (const { job, begin, end } of runs.toSorted((a, b) => a.begin - b.begin)) {
    const starts = left.get(job) ?? []
    const own = starts.findIndex(({ at }) => at >= begin && at <= (end ?? Number.MAX_SAFE_INTEGER))
    if (own >= 0) starts.splice(own, 1)
  }
  return [...left.values()].reduce((sum, { length }) => sum + length, 0)
}
