// Where pushes may go.

import { expect, it } from 'vitest'
import { createGuardedFetch } from '../../../src/services/network/guarded-fetch.ts'
import { assertPushEndpoint } from '../../../src/services/push/endpoint.ts'
import { fakeClock } from '../../harness/clock.ts'

const outside = createGuardedFetch({ fetch: () => Promise.reject(new Error('asked')), host: {}, clock: fakeClock(), allowed: () => ['push.lan'] })

it.each([
  'https://fcm.googleapis.com/fcm/send/abc',
  'https://updates.push.services.mozilla.com/wpush/v2/x',
  'https://web.push.apple.com/x',
  'https://wns2-par02p.notify.windows.com/w/?token=x',
  'https://push.example:8443/x',
  'https://8.8.8.8/x',
  'https://[2606:4700::1]/x',
  'https://mylocal.example/x',
  'https://push.lan/x',
])('%s', (endpoint) => {
  expect(() => assertPushEndpoint(endpoint, outside)).not.toThrow()
})

it.each([
  'http://push.example/x', 'ftp://push.example/x', 'nonsense', 'https://', 'https://u:p@push.example/x',
  'https://localhost/x', 'https://LOCALHOST./x', 'https://a.localhost/x', 'https://printer.local/x', 'https://a.internal/x', 'https://nas/x', 'https://router.home.arpa/x',
  'https://127.0.0.1/x', 'https://127.1/x', 'https://0x7f.0.0.1/x', 'https://2130706433/x', 'https://0177.0.0.1/x', 'https://0/x', 'https://10.1.2.3/x',
  'https://100.64.0.1/x', 'https://169.254.169.254/x', 'https://172.16.0.1/x', 'https://172.31.255.255/x', 'https://192.168.1.1/x', 'https://198.18.0.1/x', 'https://224.0.0.1/x', 'https://255.255.255.255/x',
  'https://[::1]/x', 'https://[::]/x', 'https://[::ffff:127.0.0.1]/x', 'https://[::ffff:8.8.8.8]/x', 'https://[64:ff9b::7f00:1]/x', 'https://[2002:7f00:1::]/x', 'https://[fe80::1]/x', 'https://[fd00::1]/x', 'https://[ff02::1]/x',
])('%s is refused', (endpoint) => {
  expect(() => assertPushEndpoint(endpoint, outside)).toThrow('invalid push endpoint')
}) // prettier-ignore
