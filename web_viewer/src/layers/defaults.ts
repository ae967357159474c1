import { layer } from '@/net/read'

/**
 * Layers for a building without a venue folder, over the point classes that its devices are given then. Colours
 * after the demo venue's: apart in lightness, so that they can be told without telling red from green.
 */
export const DEFAULT_LAYERS = [
  {
    id: 'devices',
    name: { zh: '设备状态', en: 'Devices' },
    default: false,
    rules: [
      { point_class: ['Fault_Status', 'Alarm'], paint: 'element', states: { fault: '#C8321E', alarm: '#C8321E' } },
      { point_class: ['On_Off_Status', 'Run_Status'], paint: 'element', states: { 0: '#A9B2BC', 1: '#4CC2F1', 2: '#C8321E' } },
    ],
  },
  {
    id: 'temperature',
    name: { zh: '室内温度', en: 'Temperature' },
    default: false,
    rules: [
      {
        point_class: ['Zone_Air_Temperature_Sensor'],
        paint: 'space',
        ramp: { unit: 'degC', stops: [[14, '#2F62A8'], [20, '#8DBFDD'], [24, '#F4EEDD'], [28, '#F0A868'], [32, '#BC3B26']] },
      },
    ],
  },
  {
    id: 'occupancy',
    name: { zh: '人员分布', en: 'Occupancy' },
    default: false,
    rules: [
      {
        point_class: ['Occupancy_Count_Sensor'],
        paint: 'space',
        ramp: { unit: 'persons', stops: [[0, '#EEF0F5'], [2, '#C8CCE6'], [10, '#9C97CE'], [40, '#551A70']] },
      },
    ],
  },
  {
    id: 'air_quality',
    name: { zh: '空气质量', en: 'Air quality' },
    default: false,
    rules: [
      {
        point_class: ['CO2_Level_Sensor'],
        paint: 'space',
        ramp: { unit: 'ppm', stops: [[400, '#3E8FB0'], [700, '#B9DCD6'], [1000, '#F2DFA0'], [1500, '#D8803A'], [2000, '#8B2A22']] },
      },
    ],
  },
].map((raw) => layer(raw as Parameters<typeof layer>[0]))

/** The layers that read at least one of these point classes. */
export function servedLayers(classes: ReadonlySet<string>): typeof DEFAULT_LAYERS {
  return DEFAULT_LAYERS.filter((each) => each.rules.some((rule) => rule.pointClasses.some((name) => classes.has(name))))
}
