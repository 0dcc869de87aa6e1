// Prepend between its queues (hdl/stream/deliver/prepend.rs, `put_in_front`), spliced into the module.
//
//   beat, front ─ one step a clock ─▶ step ─▶ turned ─▶ merge: out          always three clocks
//
// A frame is the header's whole beat if there is one, then the packet's beats turned by `part` bytes with the header's rest
// or the turn before in front, then what spills over. One byte of the beat (`lane`), whichever the solver likes, is worked
// out for every step when it is taken, and compared when it comes out.

  // One bit stands for a byte: the block moves bytes and looks at none of their bits.
  wire [63:0] bytes_in, bytes_out;
  wire [127:0] bytes_header;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_in[at] = beat_data[8 * at + BIT];
    assign bytes_out[at] = out_beat_data[8 * at + BIT];
  end
  for (at = 0; at < 96; at = at + 1)
    assign bytes_header[at] = front_header[8 * at + BIT];
  assign bytes_header[127:96] = 0;

  // What of the frame went: output beats, and whether the packet's last beat is among them.
  reg [10:0] sent = 0;
  reg [10:0] taken = 0;
  reg packet_done = 0;
  wire steps = room & front_waits & (beat_waits | packet_done);
  wire is_whole = front_whole & sent == 0;
  wire is_alone = is_whole & beat_empty & front_part == 0;
  wire takes = ~packet_done & (~is_whole | is_alone);
  wire now_done = packet_done | (takes & beat_last);
  wire is_last = now_done & (packet_done | ~front_spill);

  // The byte: of the header, of the turn before, or of this beat.
  (* anyconst *) wire [5:0] lane;
  wire [5:0] turned_lane = lane - front_part;
  wire in_turn = ~packet_done & ~beat_empty & bytes_in[turned_lane];
  reg turn_before = 0;
  wire is_low = lane < front_part;
  wire header_low = sent == front_whole;
  wire wanted = is_whole ? bytes_header[lane] : ~is_low ? in_turn :
    header_low ? bytes_header[{front_whole, lane}] : turn_before;

  // What is under way, youngest first.
  reg [2:0] due = 0;
  reg [2:0] due_byte, due_last, due_turn;
  reg [31:0] due_user [0:2];
  reg [5:0] due_tail [0:2];
  integer i;
  always @(posedge clock) begin
    due <= {due[1:0], steps};
    due_byte <= {due_byte[1:0], wanted};
    due_last <= {due_last[1:0], is_last};
    due_turn <= {due_turn[1:0], in_turn};
    due_user[0] <= front_user;
    due_tail[0] <= front_tail;
    for (i = 0; i < 2; i = i + 1) begin
      due_user[i + 1] <= due_user[i];
      due_tail[i + 1] <= due_tail[i];
    end
    if (steps) begin
      turn_before <= in_turn;
      sent <= is_last ? 0 : sent + 1;
      taken <= is_last ? 0 : taken + takes;
      packet_done <= now_done & ~is_last;
    end
  end

`ifdef INVARIANTS
  // What each stage holds of the byte, and the turn before as the stage will find it when it comes to the end.
  wire [63:0] bytes_step, bytes_coarse, bytes_turned, bytes_carry;
  wire [63:0] low_early_bytes, low_bytes, header_step, header_early, header_bytes;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_step[at] = step_data[8 * at + BIT];
    assign bytes_coarse[at] = turned_coarse[8 * at + BIT];
    assign bytes_turned[at] = turned[8 * at + BIT];
    assign bytes_carry[at] = carry[8 * at + BIT];
    assign low_early_bytes[at] = low_early[8 * at + BIT];
    assign low_bytes[at] = low[8 * at + BIT];
    assign header_step[at] = step_header[8 * at + BIT];
    assign header_early[at] = front_1[8 * at + BIT];
    assign header_bytes[at] = front[8 * at + BIT];
  end
  wire [5:0] step_lane = lane - step_part;
  wire [5:0] coarse_lane = lane - turn;
  wire turn_3 = bytes_carry[lane];
  wire turn_2 = due[2] ? due_turn[2] : turn_3;
  wire turn_1 = due[1] ? due_turn[1] : turn_2;
  wire turn_0 = due[0] ? due_turn[0] : turn_1;
  wire low_1 = step_all | lane < step_part;
  wire low_2 = low_early_bytes[lane];
  wire low_3 = low_bytes[lane];
`endif

  // The queues in front: what waits stays until it is taken, and a packet's header until the packet ends. What comes out of
  // strip: only a packet's first beat may be empty, and then it is the last one too. What comes out of plan: nothing in
  // front of nothing is dropped, nothing spills over the end of nothing, and a frame has at most 64 KiB.
  reg waited = 0, beat_waited = 0;
  reg [45:0] before;
  reg [1:0] beat_before;
  wire [45:0] front_now = {front_user, front_tail, front_spill, front_part, front_whole};
  always @(posedge clock) begin
    waited <= front_waits & ~out_end;
    before <= front_now;
    beat_waited <= beat_waits & ~out_take;
    beat_before <= {beat_last, beat_empty};
  end
  always @(*) begin
    assume (~reset);
    assume (~waited | (front_waits & front_now == before));
    assume (~beat_waited | (beat_waits & {beat_last, beat_empty} == beat_before));
    assume (~beat_empty | (beat_last & taken == 0 & ~front_spill & (front_whole | front_part != 0)));
    assume (sent < 1030);
  end

  always @(*) begin
    each_step_once: assert (out_valid == due[2]);
    bytes_in_order: assert (~out_valid | bytes_out[lane] == due_byte[2]);
    ends_where_it_should: assert (~out_valid | out_beat_last == due_last[2]);
    keep_is_right: assert (~out_valid | out_beat_keep[lane] == (~due_last[2] | due_tail[2] == 0 | lane < due_tail[2]));
    length_and_port_in_all: assert (~out_valid | out_beat_user == due_user[2]);
    each_beat_taken_once: assert (out_take == (steps & takes));
    header_leaves_at_the_end: assert (out_end == (steps & is_last));
    frame_has_its_beats: assert (~out_end | sent + 1 == front_whole + taken + takes + front_spill - is_alone);

`ifdef INVARIANTS
    inv_frame: assert (sent == 0 ? taken == 0 & ~packet_done : waited & sent == before[0] + taken & (~packet_done | (before[7] & taken != 0)));
    inv_done: assert (done_whole == (sent != 0 & before[0]) & done_begun == (taken != 0) & done_spill == packet_done);
    inv_valid: assert ({merge_valid, turned_valid, step_valid} == due);
    inv_before: assert (sent == 0 | turn_before == turn_0);
    inv_step: assert (~due[0] | (due_turn[0] == bytes_step[step_lane] & {due_last[0], due_tail[0], due_user[0]} ==
      {step_last, step_tail, step_user} & due_byte[0] ==
      (~low_1 ? due_turn[0] : step_from_header ? header_step[lane] : turn_1)));
    inv_turned: assert (~due[1] | (due_turn[1] == bytes_coarse[coarse_lane] & {due_last[1], due_tail[1], due_user[1]} ==
      {last_early, tail_early, user_1} & merge_last_1 == last_early & due_byte[1] ==
      (~low_2 ? due_turn[1] : from_header_1 ? header_early[lane] : turn_2)));
    inv_merge: assert (~due[2] | (due_turn[2] == bytes_turned[lane] & due_byte[2] ==
      (~low_3 ? due_turn[2] : from_header ? header_bytes[lane] : turn_3)));
`endif
  end
