import { afterEach, expect, test } from 'vitest'

import { awayError, problemError } from '@/net/http'

import { locale, setLocale } from './index'
import { problemText } from './problem'

const before = locale.value

afterEach(() => setLocale(before))

const shared = problemError(
  {
    type: 'urn:venue-twin:problem:booking-rule',
    title: 'Conflict',
    detail: 'at most 2 bookings of badminton a day; you have 2 on 2026-03-02',
    reason: 'share',
    named: { most: 2, already: 2 },
  },
  409,
)

test('a refusal is told in Chinese with its figures, and in English as the server wrote it', () => {
  setLocale('zh-CN')
  expect(problemText(shared)).toBe('每天最多预约 2 场，当天您已预约 2 场。')
  setLocale('en')
  expect(problemText(shared)).toBe('at most 2 bookings of badminton a day; you have 2 on 2026-03-02')
})

test('a reason without a sentence is told by its type, an unknown type with what the server wrote', () => {
  setLocale('zh-CN')
  const typed = problemError({ type: 'urn:venue-twin:problem:slot-taken', detail: 'taken', reason: 'new' }, 409)
  expect(problemText(typed)).toBe('该时段刚被他人预约，请选择其他时段。')
  const unknown = problemError({ type: 'urn:venue-twin:problem:new', detail: 'the moon is full' }, 409)
  expect(problemText(unknown)).toBe('服务器拒绝了请求：the moon is full')
})

test('no answer, an answer that is no problem, and errors of the page itself', () => {
  setLocale('zh-CN')
  expect(problemText(awayError())).toBe('服务器没有应答，请稍后再试。')
  expect(problemText(problemError('<html>', 502))).toBe('服务器拒绝了请求：HTTP 502')
  expect(problemText(new TypeError('x is not a function'))).toBe('x is not a function')
})
