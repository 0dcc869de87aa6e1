// Two streams that become one, frame by frame (hdl/shells/turns.rs), spliced into the module.
//
//   first  ─▶ ┬─▶ out
//   second ─▶ ┘
//
// The user word of a beat stands for all of it; a byte of the data (`lane`), whichever the solver likes, goes along.

  // One bit stands for a byte: the join moves bytes and looks at none of their bits.
  (* anyconst *) wire [5:0] lane;
  wire [63:0] bytes_first, bytes_second, bytes_out;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_first[at] = first_beat_data[8 * at + BIT];
    assign bytes_second[at] = second_beat_data[8 * at + BIT];
    assign bytes_out[at] = out_out_beat_data[8 * at + BIT];
  end
  wire [34:0] now_first = {first_beat_last, first_beat_user, first_beat_keep[lane], bytes_first[lane]};
  wire [34:0] now_second = {second_beat_last, second_beat_user, second_beat_keep[lane], bytes_second[lane]};
  wire [34:0] now_out = {out_out_beat_last, out_out_beat_user, out_out_beat_keep[lane], bytes_out[lane]};

  wire first_goes = first_valid & out_first_ready;
  wire out_goes = out_out_valid & ready;

  // What was on offer and not taken; the frames under way, of the streams and on the way out.
  reg waits_first = 0, waits_second = 0, waits_out = 0;
  reg [34:0] was_first, was_second, was_out;
  reg in_first = 0, in_second = 0;
  // Frames of the second that ended while the first had a beat on offer.
  reg [2:0] first_waits = 0;

  always @(posedge clock) begin
    waits_first <= first_valid & ~out_first_ready;
    waits_second <= second_valid & ~out_second_taken;
    waits_out <= out_out_valid & ~ready;
    was_first <= now_first;
    was_second <= now_second;
    was_out <= now_out;
    if (first_goes) in_first <= ~first_beat_last;
    if (out_second_taken) in_second <= ~second_beat_last;
    if (~first_valid | first_goes) first_waits <= 0;
    else if (out_second_taken & second_beat_last) first_waits <= first_waits + 1;
  end

  // An offer stays as it is until it is taken.
  always @(*) begin
    assume (~reset);
    assume (~waits_first | (first_valid & now_first == was_first));
    assume (~waits_second | (second_valid & now_second == was_second));
  end

  always @(*) begin
    offer_stays: assert (~waits_out | (out_out_valid & now_out == was_out));
    each_beat_once: assert (out_goes == (first_goes | out_second_taken) & ~(first_goes & out_second_taken));
    second_only_if_offered: assert (~out_second_taken | second_valid);
    beat_as_it_came: assert ((~first_goes | now_out == now_first) & (~out_second_taken | now_out == now_second));
    frames_are_not_mixed: assert (~(in_first & out_second_taken) & ~(in_second & first_goes));
    first_waits_one_frame: assert (first_waits < 2);

`ifdef INVARIANTS
    inv_within: assert (within_ == in_first & (~in_first | ~second_turn) & (~in_second | second_turn));
    inv_offered: assert (~second_turn | second_valid | in_second);
    inv_waits: assert (~second_turn | first_waits == 0);
`endif
  end
