import type { components } from '@/generated/api'

import { filled } from './catalogue'
import { locale } from './index'

export type Reason = components['schemas']['LineNote']['reason']

/** A sentence of the server's in the language of the page, and in which it is. */
export interface Told {
  readonly text: string
  readonly lang: 'zh-CN' | 'en'
}

/**
 * Why a line is down, a point bad, a message refused, a command failed, in Chinese; the server's own sentence is English. What
 * protocols and devices say themselves, `{text}`, is as they put it.
 */
export const REASONS_ZH: Readonly<Record<Exclude<Reason, 'other'>, string>> = {
  'adapter-fault': '程序出错：{error}。请附上日志反馈',
  off: '已在文件中停用',
  'not-started': '尚未启动',
  stopped: '已停止',
  connecting: '正在连接',
  closed: '连接已被对方关闭',
  'no-connection': '没有连接',
  'connection-refused': '对方拒绝连接，请检查地址和端口',
  'no-answer': '没有应答',
  unreachable: '网络不可达',
  'unknown-host': '找不到该主机名',
  'port-taken': '端口已被其他程序占用',
  'foreign-address': '该地址不属于这台服务器',
  tls: '无法建立加密连接：{text}',
  'broker-refused': '消息服务器拒绝：{text}',
  'broker-login': '消息服务器拒绝登录，请检查用户名、密码和权限',
  'broker-topics': '消息服务器不允许读取 {topics}',
  silent: '{seconds} 秒内没有任何消息',
  'worker-silent': '负责此线路的进程没有消息，请检查 twin bridge 是否在运行',
  'webhook-silent': '已有 {seconds} 秒没有收到消息',
  'secret-missing': '未设置保存密钥的环境变量 {variable}',
  'file-missing': '没有文件 {file}',
  'file-unreadable': '无法读取 {file}：{text}',
  'parquet-missing': '读取 Parquet 需要安装 pyarrow，或改用 CSV',
  'nothing-to-play': '文件中没有可以回放的数据',
  simulation: '模拟出错，请查看日志',
  'unit-silent': '从站 {unit} 在 {wait} 内没有应答',
  'controller-silent': '控制器 {controller} 没有应答',
  'device-refused': '设备答复：{text}',
  'no-reading': '设备没有读数',
  'no-value': '没有数值',
  'out-of-service': '设备已停用',
  overridden: '已被就地手动改写',
  'in-fault': '设备故障',
  namespace: '服务器没有命名空间 {uri}',
  'too-large': '消息过大',
  unknown_device: '没有登记这台设备',
  unknown_point: '没有登记这个点',
  wrong_device: '发送者只能代表自己的设备',
  bad_value: '数值无效',
  unknown_state: '未知的状态值 {value}',
  bad_time: '时间无法识别',
  future: '时间在未来，请校准设备时钟',
  too_old: '时间过早，请校准设备时钟',
  wrong_shape: '消息格式不正确',
  'unlisted-point': '场馆没有点 {key}',
  'asked-too-seldom': '{key} 每 {asked_s} 秒读取一次，而 {stale_s} 秒后即过期；请缩短读取间隔，或在 device_types.yaml 中加大 period_s',
  more: '另有 {count} 处类似问题',
  'read-only': '{key} 不接受指令',
  'out-of-range': '{key} 只接受 {low} 至 {high}，不接受 {value}',
  'unfit-value': '{key} 不接受这样的值',
  'no-source': '没有可以送达此点的线路；请检查设备接入，或在 adapters.yaml 中设为可写',
  superseded: '已被之后的指令取代',
  'never-reported': '{key} 从未上报',
  'still-reports': '{key} 仍上报 {reported}，而不是 {desired}',
}

/** Where the sentence is about, outermost first: an address, a point, a place in its device, a message. */
const PLACES = ['at', 'message', 'point', 'place'] as const

/** What the server says of a line or a command, in the language of the page; what no text here knows stays English. */
export function told(text: string, reason: Reason | null, named: Readonly<Record<string, string | number>>): Told {
  const sentence = locale.value === 'zh-CN' && reason !== null && reason !== 'other' ? REASONS_ZH[reason] : undefined
  if (sentence === undefined) return { text, lang: 'en' }
  const places = PLACES.flatMap((key) => (named[key] === undefined ? [] : [String(named[key])]))
  return { text: [...places, filled(sentence, named).trim()].join('：'), lang: 'zh-CN' }
}
