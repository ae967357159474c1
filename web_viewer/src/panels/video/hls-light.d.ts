// The library's lesser build has no declarations of its own; its interface is the whole one's.
declare module 'hls.js/light' {
  export * from 'hls.js'
  export { default } from 'hls.js'
}
