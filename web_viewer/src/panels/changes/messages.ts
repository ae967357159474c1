import type { Messages } from '../registry'

export const zhCN: Messages = {
  title: '变更',
  first: '这是模型的第一个版本，没有可比较的旧版本',
  unreadable: '旧版本 {revision} 无法读取，变更未知',
  same: '与旧版本 {revision} 相比没有变化',
  against: '与旧版本 {revision}（{file}）相比',
  paint: '在模型上显示',
  more: '还有 {count} 项',
  failed: '没有成功：{reason}',
  kind: { added: '新增', changed: '修改', removed: '删除' },
  what: { shape: '形状', placement: '位置', properties: '属性', type: '类型' },
}

export const en: Messages = {
  title: 'Changes',
  first: 'This is the first revision of the model: there is none to compare it with',
  unreadable: 'Revision {revision} cannot be read: what changed is not known',
  same: 'Nothing changed against revision {revision}',
  against: 'Against revision {revision} ({file})',
  paint: 'Show on the model',
  more: 'and {count} more',
  failed: 'It did not work: {reason}',
  kind: { added: 'Added', changed: 'Changed', removed: 'Removed' },
  what: { shape: 'shape', placement: 'place', properties: 'properties', type: 'type' },
}

export const messages = { 'zh-CN': zhCN, en }
