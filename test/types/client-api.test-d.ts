// The types that are published with the client are those of the definitions.

import type * as published from '../../public/reference/gateway-api.d.ts'
import type { GatewayApi } from '../../src/methods/all.gen.ts'
import type { ConnectParams, HelloOk } from '../../src/protocol/connect.ts'
import type { GatewayEvents } from '../../src/protocol/events.ts'

type Assignable<From, To> = From extends To ? never : 'not assignable'
/** The methods where what one side takes is not what the other gives. */
type Wrong<M extends string> = { [K in M]: K }[M]

type Names<T> = keyof T & string
type Methods = Names<GatewayApi> & Names<published.GatewayApi>
type Events = Names<GatewayEvents> & Names<published.GatewayEvents>
type ParamsWrong = { [K in Methods]: [Assignable<published.GatewayApi[K]['params'], GatewayApi[K]['params']>] extends [never] ? never : K }[Methods]
type ResultWrong = { [K in Methods]: [Assignable<GatewayApi[K]['result'], published.GatewayApi[K]['result']>] extends [never] ? never : K }[Methods]
type EventWrong = { [K in Events]: [Assignable<GatewayEvents[K], published.GatewayEvents[K]>] extends [never] ? never : K }[Events]

const none = <T extends never>(): T[] => []

export const sameMethods: Wrong<Names<GatewayApi>> = '' as Names<published.GatewayApi>
export const samePublished: Names<published.GatewayApi> = '' as Names<GatewayApi>
export const checked = [none<ParamsWrong>(), none<ResultWrong>(), none<EventWrong>(), none<Assignable<published.ConnectParams, ConnectParams>>(), none<Assignable<HelloOk, published.HelloOk>>()]
