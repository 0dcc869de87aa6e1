// Patch between the packet buffer and strip (hdl/stream/deliver/patch/mod.rs, `patch`), spliced into the module.
//
//   go: data, last, cut, patch ─▶ windows, turned by 16 ─▶ by 2 ─▶ out              always two clocks
//
// One byte of every beat (`lane`), whichever the solver likes, is worked out when the beat is taken, field by field, and
// compared when it comes out.

  // One bit stands for a byte: the block moves bytes and looks at none of their bits.
  wire [63:0] bytes_in, bytes_out;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_in[at] = data[8 * at + BIT];
    assign bytes_out[at] = out_data[8 * at + BIT];
  end
  (* anyconst *) wire [5:0] lane;

  // Where in the packet that byte is; behind the fourth beat nothing is replaced.
  reg [11:0] number = 0;
  wire reached = number < 4;
  wire [8:0] place = {1'b0, number[1:0], lane};

  // How far behind the start of each header it is, and the byte of an address there, most significant first.
  wire [8:0] l3 = place - patch_l3_offset, l4 = place - patch_l4_offset, sum = place - patch_l4_checksum_offset;
  wire [8:0] quoted_l3 = place - patch_quoted_l3_offset, quoted_l4 = place - patch_quoted_l4_offset;
  wire [8:0] mss = place - patch_mss_offset;
  wire [15:0] src_bytes, dst_bytes;
  for (at = 0; at < 16; at = at + 1) begin
    assign src_bytes[at] = patch_new_src[8 * (15 - at) + BIT];
    assign dst_bytes[at] = patch_new_dst[8 * (15 - at) + BIT];
  end

  // Fields of an IP header: the source, the destination, and what of them is there.
  wire [8:0] src_at = patch_v6 ? 8 : 12, dst_at = patch_v6 ? 24 : 16, size = patch_v6 ? 16 : 4;
  wire [3:0] skipped = patch_v6 ? 0 : 12;
  wire in_src = l3 >= src_at & l3 < src_at + size, in_dst = l3 >= dst_at & l3 < dst_at + size;
  wire in_quoted_src = quoted_l3 >= src_at & quoted_l3 < src_at + size;
  wire in_quoted_dst = quoted_l3 >= dst_at & quoted_l3 < dst_at + size;
  wire [3:0] src_byte = l3 - src_at + skipped, dst_byte = l3 - dst_at + skipped;
  wire [3:0] quoted_src_byte = quoted_l3 - src_at + skipped, quoted_dst_byte = quoted_l3 - dst_at + skipped;
  wire quoted_address = patch_quoted_src | patch_quoted_dst;

  // Each field: whether the byte is in it, and its bit.
  wire [12:0] within = {13{reached & patch_on}} & {
    patch_ttl & l3 == (patch_v6 ? 7 : 8),
    ~patch_v6 & (l3 == 10 | l3 == 11),
    patch_src & in_src,
    patch_dst & in_dst,
    patch_src_port & l4 < 2,
    patch_dst_port & (l4 == 2 | l4 == 3),
    patch_l4_checksum & sum < 2,
    ~patch_v6 & quoted_address & (quoted_l3 == 10 | quoted_l3 == 11),
    patch_quoted_src & in_quoted_src,
    patch_quoted_dst & in_quoted_dst,
    patch_quoted_src_port & quoted_l4 < 2,
    patch_quoted_dst_port & (quoted_l4 == 2 | quoted_l4 == 3),
    patch_mss & mss < 2
  };
  wire [12:0] bits = {
    patch_new_ttl[BIT],
    l3[0] ? patch_new_checksum[BIT] : patch_new_checksum[8 + BIT],
    src_bytes[src_byte],
    dst_bytes[dst_byte],
    l4[0] ? patch_new_src_port[BIT] : patch_new_src_port[8 + BIT],
    l4[0] ? patch_new_dst_port[BIT] : patch_new_dst_port[8 + BIT],
    sum[0] ? patch_new_l4_checksum[BIT] : patch_new_l4_checksum[8 + BIT],
    quoted_l3[0] ? patch_new_quoted_checksum[BIT] : patch_new_quoted_checksum[8 + BIT],
    dst_bytes[quoted_src_byte],
    src_bytes[quoted_dst_byte],
    quoted_l4[0] ? patch_new_dst_port[BIT] : patch_new_dst_port[8 + BIT],
    quoted_l4[0] ? patch_new_src_port[BIT] : patch_new_src_port[8 + BIT],
    mss[0] ? patch_new_mss[BIT] : patch_new_mss[8 + BIT]
  };
  wire wanted = |within ? |(within & bits) : bytes_in[lane];

  // What is under way, youngest first.
  reg [1:0] due = 0, due_byte, due_last;
  reg [19:0] due_cut [0:1];
  wire [19:0] cut = {cut_beats, cut_shift, cut_skip, cut_drop};
  always @(posedge clock) begin
    due <= {due[0], go};
    due_byte <= {due_byte[0], wanted};
    due_last <= {due_last[0], last};
    due_cut[0] <= cut;
    due_cut[1] <= due_cut[0];
    if (go) number <= last ? 0 : number + 1;
  end

  // What comes out of the stages: places are even, but for that of a segment size, no byte is in two fields, and a SYN quotes
  // nothing. A packet has at most 64 KiB and the beat of a shim.
  always @(*) begin
    assume (~reset);
    assume (~(patch_l3_offset[0] | patch_l4_offset[0] | patch_l4_checksum_offset[0] | patch_quoted_l3_offset[0] |
      patch_quoted_l4_offset[0]));
    assume ((within & (within - 13'd1)) == 0);
    assume (~(patch_mss & (patch_quoted_src_port | patch_quoted_dst_port)));
    assume (number < 1026);
  end

  always @(*) begin
    each_beat_once: assert (out_valid == due[1] & out_taken == due[0]);
    bytes_where_they_should_be: assert (~out_valid | bytes_out[lane] == due_byte[1]);
    last_and_cut_stay_with_the_beat: assert (~out_valid | (out_last == due_last[1] &
      {out_cut_beats, out_cut_shift, out_cut_skip, out_cut_drop} == due_cut[1]));

`ifdef INVARIANTS
    inv_number: assert (beats_before == (number < 4 ? number : 4));
`endif
  end
