// The Worker as it is deployed, with two differences: the clock of its object goes fast, and the object dies when it is
// told to.

import { GatewayObject as DeployedObject } from '../../../runtimes/cloudflare/gateway-object.ts'
import type { Env } from '../../../runtimes/cloudflare/env.ts'
import { createObjectPlatform } from '../../../runtimes/cloudflare/platform.ts'
import worker from '../../../runtimes/cloudflare/worker.ts'
import type { Platform } from '../../../src/index.ts'
import { createDeath, DEATH_PATH, type Death, type DeathWish } from './death.ts'
import { createFastTime, type FastTime, type FastTimeSettings } from './fast-time.ts'

interface FastEnv extends Env {
  /** `FastTimeSettings`, as JSON. */
  readonly FAST_TIME: string
}

export default worker

export class GatewayObject extends DeployedObject {
  readonly #death: Death

  constructor(ctx: DurableObjectState, env: FastEnv) {
    const death = createDeath(ctx)
    const time = createFastTime(JSON.parse(env.FAST_TIME) as FastTimeSettings)
    super(ctx, env, toMortal(toFast(createObjectPlatform(ctx, env), time), death))
    this.#death = death
  }

  override async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname !== DEATH_PATH) return super.fetch(request)
    this.#death.arrange(await request.json<DeathWish>())
    return new Response(null, { status: 202 })
  }
}

function toFast(platform: Platform, time: FastTime): Platform {
  const { clock, alarm } = platform
  return {
    ...platform,
    clock: {
      now: time.now,
      after: (ms, work) => clock.after(time.shrink(ms), work),
      turn: clock.turn,
    },
    alarm: { set: (at) => alarm.set(at === null ? null : time.toReal(at)) },
  }
}

const toMortal = (platform: Platform, death: Death): Platform => ({ ...platform, sql: death.over(platform.sql) })
